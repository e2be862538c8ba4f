using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>A small fine-tuning: two convolutions with batch normalizations, of which the first is frozen.</summary>
internal static class SmallFineTuning
{
    public static Model Network()
    {
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.Relu(net.BatchNormalization(net.Convolution(net.Input("pixels", 3, 24, 24), filters: 8, kernel: 5, stride: 2)));
        x = net.Relu(net.BatchNormalization(net.Convolution(x, filters: 12, kernel: 3)));
        return net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), units: 3));
    }

    public static FineTunePipeline Pipeline(FineTuneOptions? how = null, int threads = 0, ActivationCache? cache = null, PipelineOptions? options = null) => TransferPipeline.FromModel(Network())
        .Preprocess(new InputRecipe { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 255.0 })
        .With(options ?? PipelineOptions.Default with { Seed = 3, Threads = threads, Cache = cache })
        .FreezeUntil("relu3.out").FineTune(how ?? new FineTuneOptions { Epochs = 6, BatchSize = 6 });

    public static byte[] Weights(FineTunedModel model) => [.. model.Training.Network.Graph.Initializers.SelectMany(t => t.Bytes.ToArray())];
}
