using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Operators;

namespace ConvTransfer.Cli.Demo;

/// <summary>The network of the demonstration: small, with random weights and untrained. What it knows is how strongly a picture answers to random patterns.</summary>
internal static class ShapeNetwork
{
    private const int Size = 48;

    /// <summary>Grey, 48 x 48, levels from -1 to 1.</summary>
    public static InputRecipe Recipe { get; } = new()
    {
        Resize = new ResizeRule.Exact(PixelSize.Square(Size)),
        Channels = 1,
        Scale = 1 / 127.5,
        Mean = [1],
        Std = [1],
    };

    /// <summary>Four convolutions. The strongest answer of each filter anywhere in the picture, at every depth, is a feature: where a shape stands does not matter then.</summary>
    public static Model Build(long seed)
    {
        var net = new NetworkBuilder("shapes", seed);
        string x = net.Input("pixels", channels: 1, Size, Size);
        var features = new List<string>();
        (int Filters, int Kernel, int Stride)[] layers = [(48, 7, 2), (192, 3, 1), (384, 3, 1), (384, 3, 1)];
        for (int i = 0; i < layers.Length; i++)
        {
            if (i > 0) x = net.MaxPool(x, kernel: 3, stride: 2, padding: 1);
            x = net.Relu(net.Convolution(x, layers[i].Filters, layers[i].Kernel, layers[i].Stride, padding: layers[i].Kernel / 2));
            features.Add(net.GlobalMaxPool(x));
        }
        return net.Build(net.Flatten(net.Concat([.. features])));
    }
}
