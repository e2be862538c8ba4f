#:project ../src/ConvTransfer.MLNet
#:property PublishAot=false

// Trains a network from scratch on pictures in contact sheets: JPEG files of equal tiles, and a file labels.txt with a line for each sheet,
// its name, a tab, and the class number of each tile with spaces between. It goes on from the last checkpoint; Ctrl+C writes one and stops.
//   dotnet run -c Release pipelines/train-from-scratch.cs -- --task convnet|resnet20 --sheets DIR --output FILE [--checkpoints DIR] [--epochs N] [--from FILE] [--rate R] [--erase P] [--threads N] [--train-sheets N]
//
// convnet    the network of the folder "pretrained", on Tiny ImageNet (tiles of 64 x 64, files train-*.jpg and val-*.jpg)
// --erase    the share of the pictures of which a random rectangle is erased, 0 to 1 (Zhong et al., Random Erasing, 2020)
// --from     goes on with the weights of a file that an earlier run wrote, in another cycle of the rate
//
// resnet20   He et al., Deep Residual Learning, 2016, section 4.2, on CIFAR-10 (tiles of 32 x 32, files train-*.jpg and test-*.jpg)
//            In four cycles it reached 87.9, 88.3, 88.9 and 89.1 % of the 10,000 test pictures, JPEG files of quality 75: --epochs 40, then --from that
//            --rate 0.1 --epochs 26, then --from that --rate 0.1 --erase 0.4 --epochs 18, then --from that --rate 0.15 --erase 0.4 --epochs 60.

using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;
using ConvTransfer.Training;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string? Option(string name) => Array.IndexOf(args, name) is var i && i >= 0 && i + 1 < args.Length ? args[i + 1] : null;
int Number(string name, int otherwise) => int.Parse(Option(name) ?? $"{otherwise}");

if (Option("--task") is not ("convnet" or "resnet20") || Option("--sheets") is not { } folder || Option("--output") is not { } output)
{
    Console.Error.WriteLine("usage: dotnet run -c Release pipelines/train-from-scratch.cs -- --task convnet|resnet20 --sheets DIR --output FILE [--checkpoints DIR] [--epochs N] [--from FILE] [--rate R] [--erase P] [--threads N] [--train-sheets N]");
    return 2;
}

try
{
    var task = Option("--task") == "convnet" ? TrainingTask.ConvNet : TrainingTask.ResNet20;
    using var training = ContactSheets.Read(folder, "train-", task.Tile, Number("--train-sheets", int.MaxValue));
    using var heldOut = ContactSheets.Read(folder, task.Tile == 64 ? "val-" : "test-", task.Tile, int.MaxValue);
    var network = Option("--from") is { } file ? TrainingTask.Whole(OnnxFile.Read(file), task.TrainedSize) : task.Network(training.Labels.Max() + 1);
    double rate = double.Parse(Option("--rate") ?? $"{task.Options.HeadRate}");
    var augmentation = task.Augmentation with { Erasing = double.Parse(Option("--erase") ?? "0") };
    var options = task.Options with { Epochs = Number("--epochs", task.Options.Epochs), HeadRate = rate, BodyRate = rate };
    using var trainer = new Trainer(network, [], options, new TrainerOptions
    {
        Seed = 1,
        Threads = Number("--threads", 0),
        CheckpointFolder = Option("--checkpoints"),
        Resume = Option("--checkpoints") is not null,
        Inputs = new Dictionary<string, string> { ["the augmentation"] = augmentation.ToJson() },
        Warn = Console.Error.WriteLine,
    });
    Console.WriteLine($"{training.Labels.Count} pictures to train on, {heldOut.Labels.Count} held out, {trainer.Classes} classes, {trainer.TrainedCount} weights");

    using var stop = new CancellationTokenSource();
    Console.CancelKeyPress += (_, e) => (e.Cancel, _) = (true, stop.CancelAsync());
    // During the training the held-out pictures are seen at the size of the training; at the end at their own.
    var result = trainer.Run(new Samples(training, task.TrainedSize, augmentation), new Samples(heldOut, task.TrainedSize, Augmentation.None), new Progress(), stop.Token);
    foreach (var epoch in result.Epochs) Console.WriteLine($"epoch {epoch.Epoch}: loss {epoch.Loss:0.000}, accuracy {100 * epoch.Accuracy:0.0} %, held out {epoch.HeldOutLoss:0.000}, {100 * epoch.HeldOutAccuracy:0.0} %");
    if (result.End == TrainingEnd.Cancelled) return 130;
    var trained = TrainingTask.Slim(TrainingTask.AnySize(result.Network));
    Console.WriteLine($"{100 * Accuracy(trained, heldOut, task.Tile):0.0} % of {heldOut.Labels.Count} held-out pictures of {task.Tile} x {task.Tile} pixels");
    OnnxFile.Write(trained, output);
    return 0;
}
catch (Exception e) when (e is ConvTransferException or ArgumentException or FormatException or IOException)
{
    Console.Error.WriteLine($"error: {e.Message}");
    return 1;
}

static double Accuracy(Model network, ContactSheets pictures, int size)
{
    using var planner = new Planner(network);
    using var session = planner.CreateSession();
    using var input = new Tensor(ElementType.Float32, new Shape(1, 3, size, size));
    var samples = new Samples(pictures, size, Augmentation.None);
    int right = 0;
    for (int i = 0; i < pictures.Labels.Count; i++)
    {
        samples.Read([new SampleView(i, -1)], [input], CancellationToken.None);
        using var logits = session.Run(input)[0];
        right += System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits.AsSpan<float>()) == pictures.Labels[i] ? 1 : 0;
    }
    return (double)right / pictures.Labels.Count;
}

/// <summary>A network, its pictures, and how it is trained on them.</summary>
internal sealed record TrainingTask(int Tile, int TrainedSize, Func<int, Model> Network, Augmentation Augmentation, FineTuneOptions Options)
{
    private static readonly FineTuneOptions Sgd = new()
    {
        Optimizer = OptimizerKind.Sgd,
        Momentum = 0.9,
        Nesterov = true,
        BatchNormalization = BatchNormalizationPolicy.Train,
    };

    // Trained at 56 and used at 64: a random part that is enlarged shows things larger than the whole picture does (Touvron et al., 2019).
    public static TrainingTask ConvNet { get; } = new(64, 56, classes => BuildConvNet(56, classes),
        Augmentation.Flips with { ResizedCrop = new AreaRange(0.25, 1, 3.0 / 4, 4.0 / 3), Brightness = 0.2, Contrast = 0.2, Saturation = 0.2 },
        Sgd with { Epochs = 48, BatchSize = 64, BodyRate = 0.1, HeadRate = 0.1, WeightDecay = 5e-4, LabelSmoothing = 0.1, Schedule = LearningRateSchedule.OneCycle(0.25) });

    public static TrainingTask ResNet20 { get; } = new(32, 32, BuildResNet20,
        Augmentation.Flips with { CropPadding = 4 },
        Sgd with { Epochs = 24, BatchSize = 128, BodyRate = 0.2, HeadRate = 0.2, WeightDecay = 5e-4, Schedule = LearningRateSchedule.OneCycle(0.25) });

    /// <summary>The network with an input of any height and width.</summary>
    public static Model AnySize(Model network)
    {
        var input = network.Graph.Inputs[0];
        return network with { Graph = network.Graph with { Inputs = [input with { Type = new TensorType(ElementType.Float32, [Dim.Of("N"), 3, Dim.Of("height"), Dim.Of("width")]) }] } };
    }

    /// <summary>The network with the classifier's weights in float16, widened by a Cast: whoever builds on the features leaves them off.</summary>
    public static Model Slim(Model network)
    {
        var graph = network.Graph;
        var dense = graph.Nodes[^1];
        string name = dense.Inputs[1], narrow = $"{name}.float16";
        using var weights = graph.Initializers.Single(t => t.Name == name).ToTensor();
        var halves = TensorData.From<Half>(narrow, weights.Shape.Dims, Array.ConvertAll(weights.AsSpan<float>().ToArray(), v => (Half)v));
        var cast = new Node("Cast", [narrow], [name]) { Name = $"{dense.Name}.widen", Attributes = [new NodeAttribute("to", new AttributeValue.Int((int)ElementType.Float32))] };
        return network with { Graph = graph with { Nodes = [.. graph.Nodes.SkipLast(1), cast, dense], Initializers = [.. graph.Initializers.Where(t => t.Name != name), halves] } };
    }

    /// <summary>The network of <see cref="Slim"/> and <see cref="AnySize"/> as it is trained.</summary>
    public static Model Whole(Model network, int size)
    {
        var graph = network.Graph;
        if (graph.Nodes.Where(n => n.OpType == "Cast").ToArray() is not [var cast]) throw new ConvTransferException(FailureCause.DataInvalid, "no earlier run of this program wrote this network: it has no classifier in float16", network.File);
        using var halves = graph.Initializers.Single(t => t.Name == cast.Inputs[0]).ToTensor();
        var weights = TensorData.From<float>(cast.Outputs[0], halves.Shape.Dims, Array.ConvertAll(halves.AsSpan<Half>().ToArray(), v => (float)v));
        return (network with { Graph = graph with { Nodes = [.. graph.Nodes.Where(n => n != cast)], Initializers = [.. graph.Initializers.Where(t => t.Name != cast.Inputs[0]), weights] } }).WithInputSize(size, size);
    }

    // Residual blocks at 1/2, 1/4 and 1/8 of the size, and a convolution that widens the features: 1.0 million weights.
    private static Model BuildConvNet(int size, int classes)
    {
        var net = new NetworkBuilder("convnet", seed: 1);
        string x = net.Relu(Normalized(net, net.Input("image", 3, size, size), 32, kernel: 3, stride: 2));
        x = Block(net, x, 48, stride: 1, isProjected: true);
        x = Block(net, x, 48, stride: 1, isProjected: false);
        x = Block(net, x, 96, stride: 2, isProjected: true);
        x = Block(net, x, 96, stride: 1, isProjected: false);
        x = Block(net, x, 192, stride: 2, isProjected: true);
        x = net.Relu(Normalized(net, x, 320, kernel: 1, stride: 1));
        return net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), classes));
    }

    // Three stages of three blocks with 16, 32 and 64 filters; shortcuts are projected where the size changes.
    private static Model BuildResNet20(int classes)
    {
        var net = new NetworkBuilder("resnet20", seed: 1);
        string x = net.Relu(Normalized(net, net.Input("image", 3, 32, 32), 16, kernel: 3, stride: 1));
        foreach (int filters in new[] { 16, 32, 64 })
            for (int block = 0; block < 3; block++)
                x = Block(net, x, filters, stride: block == 0 && filters > 16 ? 2 : 1, isProjected: block == 0 && filters > 16);
        return net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), classes));
    }

    private static string Block(NetworkBuilder net, string x, int filters, int stride, bool isProjected)
    {
        string y = net.Relu(Normalized(net, x, filters, kernel: 3, stride));
        y = Normalized(net, y, filters, kernel: 3, stride: 1);
        return net.Relu(net.Sum(y, isProjected ? Normalized(net, x, filters, kernel: 1, stride) : x));
    }

    private static string Normalized(NetworkBuilder net, string x, int filters, int kernel, int stride) =>
        net.BatchNormalization(net.Convolution(x, filters, kernel, stride, padding: kernel / 2, bias: false));
}

/// <summary>The tiles of contact sheets, each as a picture of its own.</summary>
internal sealed class ContactSheets : IDisposable
{
    private ContactSheets(List<Tensor> tiles, List<int> labels) => (Tiles, Labels) = (tiles, labels);

    public IReadOnlyList<Tensor> Tiles { get; }

    public IReadOnlyList<int> Labels { get; }

    public static ContactSheets Read(string folder, string prefix, int size, int atMost)
    {
        List<Tensor> tiles = [];
        List<int> labels = [];
        foreach (string[] line in File.ReadLines(Path.Combine(folder, "labels.txt")).Select(l => l.Split('\t')).Where(l => l[0].StartsWith(prefix, StringComparison.Ordinal)).Take(atMost))
        {
            int[] classes = [.. line[1].Split(' ').Select(int.Parse)];
            using var sheet = ImageReader.Read(Path.Combine(folder, line[0]));
            int columns = (int)sheet.Shape[1] / size;
            if (classes.Length != columns * (sheet.Shape[0] / size)) throw new ConvTransferException(FailureCause.DataInvalid, $"{line[0]} has {sheet.Shape[0] / size} x {columns} tiles, but labels.txt names {classes.Length}");
            for (int i = 0; i < classes.Length; i++) tiles.Add(Cut(sheet, i / columns * size, i % columns * size, size));
            labels.AddRange(classes);
        }
        return tiles.Count > 0 ? new ContactSheets(tiles, labels) : throw new ConvTransferException(FailureCause.DataInvalid, $"labels.txt in {folder} names no sheet '{prefix}…'");
    }

    public void Dispose()
    {
        foreach (var tile in Tiles) tile.Dispose();
    }

    private static Tensor Cut(Tensor sheet, int top, int left, int size)
    {
        var tile = Tensor.Uninitialized(ElementType.UInt8, new Shape(size, size, 3));
        int row = size * 3, width = (int)sheet.Shape[1];
        for (int y = 0; y < size; y++) sheet.AsSpan<byte>().Slice((((top + y) * width) + left) * 3, row).CopyTo(tile.AsSpan<byte>()[(y * row)..]);
        return tile;
    }
}

/// <summary>Tiles as the samples of a training, varied anew in each epoch.</summary>
internal sealed class Samples(ContactSheets pictures, int size, Augmentation augmentation) : ISampleSource
{
    private readonly ImagePreprocessor _preprocessor = new(InputRecipe.Torchvision(size: size, resize: (int)pictures.Tiles[0].Shape[0]));

    public int Count => pictures.Labels.Count;

    public int Label(int index) => pictures.Labels[index];

    public void Read(ReadOnlySpan<SampleView> views, ReadOnlySpan<Tensor> values, CancellationToken cancellationToken)
    {
        int length = 3 * size * size;
        for (int i = 0; i < views.Length; i++)
            _preprocessor.Run(pictures.Tiles[views[i].Index], views[i].Epoch < 0 ? Augmentation.None : augmentation, new ViewKey(1, Math.Max(0, views[i].Epoch), views[i].Index), values[0].AsSpan<float>().Slice(i * length, length));
    }
}

/// <summary>Prints a line now and then.</summary>
internal sealed class Progress : IProgress<TrainingProgress>
{
    private TimeSpan _last;

    public void Report(TrainingProgress value)
    {
        if (value.Elapsed - _last < TimeSpan.FromSeconds(30) && value.Batch < value.Batches) return;
        _last = value.Elapsed;
        Console.WriteLine($"epoch {value.Epoch}/{value.Epochs}, batch {value.Batch}/{value.Batches}, rate {value.LearningRate:0.0000}, loss {value.Loss:0.000}, {value.SamplesPerSecond:0} pictures/s, {Math.Floor(value.Remaining.TotalHours):00}:{value.Remaining:mm\\:ss} left");
    }
}
