using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>A small one-file model with seeded weights.</summary>
internal static class OneFileSample
{
    public const int Features = 6;

    public static InputRecipe Recipe { get; } = InputRecipe.Torchvision(size: 24, resize: 28);

    public static LinearHead Head { get; } = MakeHead();

    /// <summary>A convolution, a pool over everything, and as many features as filters.</summary>
    public static Model Network()
    {
        var builder = new NetworkBuilder("sample", seed: 4);
        string x = builder.Relu(builder.Convolution(builder.Input("x", 3, 24, 24), Features, kernel: 3, stride: 2, padding: 1));
        return builder.Build(builder.Flatten(builder.GlobalAveragePool(x)));
    }

    public static Model Build() => OneFileModel.Build(Network(), Recipe, Head, [new(OneFileMetadata.Figures, """{"accuracy":0.5}"""), new(OneFileMetadata.Cut, "relu")]);

    private static LinearHead MakeHead()
    {
        var random = new CounterRandom(8);
        return new LinearHead(["daisy", "roses", "tulips"], Features, [.. Enumerable.Range(0, 3 * Features).Select(_ => (float)(3 * random.NextNormal()))], [0.1f, 0, -0.1f]);
    }
}
