#:project ../src/ConvTransfer.MLNet
#:property PublishAot=false

// Fine-tunes a network on a folder of pictures (a folder for each class), beside a linear head on the frozen network's features.
//   dotnet run pipelines/flowers-finetune.cs -- --images DIR --model FILE [--freeze-until VALUE] [--epochs N] [--size N] [--output FILE]

using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Imaging;
using ConvTransfer.MLNet;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Training;

string? Option(string name) => Array.IndexOf(args, name) is var i && i >= 0 && i + 1 < args.Length ? args[i + 1] : null;

if (Option("--images") is not { } folder || Option("--model") is not { } model)
{
    Console.Error.WriteLine("usage: dotnet run pipelines/flowers-finetune.cs -- --images DIR --model FILE [--freeze-until VALUE] [--epochs N] [--size N] [--output FILE]");
    return 2;
}

try
{
    int size = int.Parse(Option("--size") ?? "224", CultureInfo.InvariantCulture);
    var images = ImageDataset.FromFolder(folder).Split(testFraction: 0.2, seed: 1);
    var network = TransferPipeline.FromOnnx(model).Preprocess(InputRecipe.Caffe(size: size, resize: size * 8 / 7));

    var frozen = network.TruncateAt(CutPoints.LastConv, pool: Pooling.GlobalAverage).Classify();
    using var before = frozen.Fit(images.Train);
    var tuning = network.FineTune(FineTuneOptions.Default with { Epochs = int.Parse(Option("--epochs") ?? "15", CultureInfo.InvariantCulture) });
    if (Option("--freeze-until") is { } value) tuning = tuning.Freeze(FreezeRule.Until(value));
    using var tuned = tuning.Fit(images.Train);

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"frozen features {100 * before.Evaluate(images.Test).Accuracy:0.0} %, fine-tuned {100 * tuned.Evaluate(images.Test).Accuracy:0.0} % of {images.Test.Count} held-out pictures"));
    if (Option("--output") is { } output) tuned.SaveOnnx(output);
    return 0;
}
catch (Exception e) when (e is ConvTransferException or ArgumentException)
{
    Console.Error.WriteLine($"error: {e.Message}");
    return 1;
}
