#:project ../src/ConvTransfer.MLNet
#:property PublishAot=false

// Features of a folder of pictures (a folder for each class) as a CSV file, and how well a linear head does on them.
//   dotnet run pipelines/flowers-features.cs -- --images DIR [--model FILE --cut VALUE] [--output FILE]
// Without --model a small network with seeded random weights takes the place of a trained one.

using ConvTransfer.Core;
using ConvTransfer.Imaging;
using ConvTransfer.MLNet;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;

string? Option(string name) => Array.IndexOf(args, name) is var i && i >= 0 && i + 1 < args.Length ? args[i + 1] : null;

if (Option("--images") is not { } folder)
{
    Console.Error.WriteLine("usage: dotnet run pipelines/flowers-features.cs -- --images DIR [--model FILE --cut VALUE] [--output FILE]");
    return 2;
}

try
{
    var images = ImageDataset.FromFolder(folder);
    string output = Option("--output") ?? "features.csv";
    var pipeline = (Option("--model") is { } model
        ? TransferPipeline.FromOnnx(model).Preprocess(InputRecipe.Caffe(size: 224, resize: 256)).TruncateAt(Option("--cut") ?? CutPoints.LastConv, pool: Pooling.GlobalAverage)
        : TransferPipeline.FromModel(RandomNetwork()).Preprocess(InputRecipe.KerasTf(size: 64))).Classify();

    var features = pipeline.Features(images);
    FeatureCsv.Write(output, features);
    Console.WriteLine($"{features.Width} features of {features.Count} pictures of {features.Labels.Count} classes: {output}");
    Console.WriteLine(pipeline.CrossValidate(features, folds: 5));
    return 0;
}
catch (ConvTransferException e)
{
    Console.Error.WriteLine($"error: {e.Message}");
    return 1;
}

static ConvTransfer.Graphs.Model RandomNetwork()
{
    Console.WriteLine("no --model is given: a small network with seeded random weights is used, which was not trained");
    var net = new NetworkBuilder("random", seed: 1);
    string x = net.Relu(net.Convolution(net.Input("pixels", channels: 3, 64, 64), filters: 32, kernel: 7, stride: 2, padding: 3));
    x = net.Relu(net.Convolution(net.MaxPool(x, kernel: 3, stride: 2, padding: 1), filters: 64, kernel: 3, padding: 1));
    return net.Build(net.Flatten(net.GlobalMaxPool(x)));
}
