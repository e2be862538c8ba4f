using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Benchmarks;

/// <summary>A network to train.</summary>
/// <param name="Model">The network as it starts, with seeded He weights.</param>
/// <param name="FrozenUntil">The value up to which its layers are frozen; empty when none is.</param>
internal sealed record TrainingNetwork(Model Model, string FrozenUntil)
{
    /// <summary>The names of <see cref="Named"/>.</summary>
    public static readonly string[] Names = ["resnet18", "resnet18-stage4", "mobilenetv2", "squeezenet"];

    /// <summary>A network by name, for square pictures of that size and 10 classes.</summary>
    public static TrainingNetwork Named(string name, int size) => name switch
    {
        "resnet18" => ResNet18(size) with { FrozenUntil = "" },
        // All but the last stage and the dense layer are frozen.
        "resnet18-stage4" => ResNet18(size),
        "mobilenetv2" => MobileNetV2(size),
        "squeezenet" => SqueezeNet(size),
        _ => throw new ArgumentException($"no network is called '{name}': {string.Join(", ", Names)}", nameof(name)),
    };

    private static TrainingNetwork ResNet18(int size)
    {
        var net = new NetworkBuilder("resnet18", seed: 1);
        string x = net.MaxPool(net.Relu(net.BatchNormalization(net.Convolution(net.Input("image", 3, size, size), 64, 7, stride: 2, padding: 3, bias: false))), 3, 2, 1), thirdStage = "";
        int before = 64;
        foreach (int filters in new[] { 64, 128, 256, 512 })
        {
            for (int block = 0; block < 2; block++)
            {
                int stride = block == 0 && filters > 64 ? 2 : 1;
                string y = net.Relu(net.BatchNormalization(net.Convolution(x, filters, 3, stride, 1, bias: false)));
                y = net.BatchNormalization(net.Convolution(y, filters, 3, 1, 1, bias: false));
                string shortcut = stride == 1 && before == filters ? x : net.BatchNormalization(net.Convolution(x, filters, 1, stride, bias: false));
                x = net.Relu(net.Sum(y, shortcut));
                before = filters;
            }
            if (filters == 256) thirdStage = x;
        }
        return new TrainingNetwork(net.Build(Head(net, x)), thirdStage);
    }

    // As torchvision has it, with Relu for Relu6 and without dropout.
    private static TrainingNetwork MobileNetV2(int size)
    {
        var net = new NetworkBuilder("mobilenetv2", seed: 1);
        string x = net.Relu(net.BatchNormalization(net.Convolution(net.Input("image", 3, size, size), 32, 3, stride: 2, padding: 1, bias: false)));
        int channels = 32;
        foreach (var (expand, filters, repeat, first) in new[] { (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1) })
        {
            for (int i = 0; i < repeat; i++)
            {
                int stride = i == 0 ? first : 1, inner = channels * expand;
                string y = expand == 1 ? x : net.Relu(net.BatchNormalization(net.Convolution(x, inner, 1, bias: false)));
                y = net.Relu(net.BatchNormalization(net.Convolution(y, inner, 3, stride, 1, groups: inner, bias: false)));
                y = net.BatchNormalization(net.Convolution(y, filters, 1, bias: false));
                x = stride == 1 && channels == filters ? net.Sum(y, x) : y;
                channels = filters;
            }
        }
        return new TrainingNetwork(net.Build(Head(net, net.Relu(net.BatchNormalization(net.Convolution(x, 1280, 1, bias: false))))), "");
    }

    // SqueezeNet 1.1 with a dense layer for the last convolution and without dropout; pools round down.
    private static TrainingNetwork SqueezeNet(int size)
    {
        var net = new NetworkBuilder("squeezenet", seed: 1);
        string x = net.MaxPool(net.Relu(net.Convolution(net.Input("image", 3, size, size), 64, 3, stride: 2)), 3, 2);
        foreach (var (squeeze, expand, isPooled) in new[] { (16, 64, false), (16, 64, true), (32, 128, false), (32, 128, true), (48, 192, false), (48, 192, false), (64, 256, false), (64, 256, false) })
        {
            string s = net.Relu(net.Convolution(x, squeeze, 1));
            x = net.Concat(net.Relu(net.Convolution(s, expand, 1)), net.Relu(net.Convolution(s, expand, 3, padding: 1)));
            if (isPooled) x = net.MaxPool(x, 3, 2);
        }
        return new TrainingNetwork(net.Build(Head(net, x)), "");
    }

    private static string Head(NetworkBuilder net, string x) => net.Dense(net.Flatten(net.GlobalAveragePool(x)), TrainingTask.Classes);
}
