using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>A new classifier behind a truncated network, in the form in which it is trained, and in the form in which it is handed back.</summary>
/// <remarks>
/// While it is trained the features are first brought to mean 0 and deviation 1 by constants that were measured before, so that one learning rate suits every network.
/// Handed back, these constants are part of the weights: W' = W · scale, b' = b − W' · offset.
/// </remarks>
internal sealed class NewHead
{
    private readonly string _weights, _biases;
    private readonly double[] _offset, _scale;

    private NewHead(Model network, string weights, string biases, double[] offset, double[] scale)
    {
        Network = network;
        _weights = weights;
        _biases = biases;
        _offset = offset;
        _scale = scale;
    }

    /// <summary>The network with the head: its output is the logits [N, classes].</summary>
    public Model Network { get; }

    /// <summary>The names of the head's weights.</summary>
    public ValueList<string> Weights => [_weights, _biases];

    /// <summary>Puts a head behind a network.</summary>
    /// <param name="truncated">The network; its output is features [N, F].</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="width">The number of features F.</param>
    /// <param name="features">Features of pictures, from which mean and deviation are taken; null to leave features as they are.</param>
    public static NewHead Behind(Model truncated, int classes, int width, FeatureTable? features)
    {
        var lifted = OpsetLift.LiftTo(truncated, Math.Max(OneFileModel.LeastOpset, truncated.Opset() ?? 0));
        var graph = lifted.Graph;
        var (offset, scale) = features is null ? (new double[width], Enumerable.Repeat(1.0, width).ToArray()) : Standardization(features);
        var names = new UniqueNames(graph);
        string moved = names.Fresh("head_centred"), scaled = names.Fresh("head_scaled"), logits = names.Fresh("logits");
        string offsetName = names.Fresh("head.offset"), scaleName = names.Fresh("head.scale"), weights = names.Fresh("head.weight"), biases = names.Fresh("head.bias");
        Node[] nodes =
        [
            new("Sub", [graph.Outputs[0].Name, offsetName], [moved]) { Name = names.Fresh("head/centre") },
            new("Mul", [moved, scaleName], [scaled]) { Name = names.Fresh("head/scale") },
            new("Gemm", [scaled, weights, biases], [logits]) { Name = names.Fresh("head/dense"), Attributes = [new NodeAttribute("transB", new AttributeValue.Int(1))] },
        ];
        // A head of zeros gives all classes the same probability; it is convex in its weights, so no random start is needed.
        TensorData[] initializers =
        [
            TensorData.From<float>(offsetName, [width], Array.ConvertAll(offset, v => (float)v)),
            TensorData.From<float>(scaleName, [width], Array.ConvertAll(scale, v => (float)v)),
            TensorData.From<float>(weights, [classes, width], new float[classes * width]),
            TensorData.From<float>(biases, [classes], new float[classes]),
        ];
        var appended = graph.Append(nodes, initializers, [new ValueInfo(logits, null)]);
        return new NewHead(lifted with { Graph = appended }, weights, biases, Array.ConvertAll(offset, v => (double)(float)v), Array.ConvertAll(scale, v => (double)(float)v));
    }

    /// <summary>The trained head on the features as the network gives them.</summary>
    /// <param name="trained">The network that <see cref="Network"/> became.</param>
    /// <param name="labels">The names of the classes.</param>
    public LinearHead Folded(Model trained, ValueList<string> labels)
    {
        float[] w = Floats(trained, _weights), b = Floats(trained, _biases);
        int width = _offset.Length;
        var biases = new float[labels.Count];
        for (int c = 0; c < labels.Count; c++)
        {
            double bias = b[c];
            for (int i = 0; i < width; i++)
            {
                double weight = w[(c * width) + i] * _scale[i];
                w[(c * width) + i] = (float)weight;
                bias -= weight * _offset[i];
            }
            biases[c] = (float)bias;
        }
        return new LinearHead(labels, width, ValueList.Create<float>(w), ValueList.Create<float>(biases));
    }

    private static (double[] Offset, double[] Scale) Standardization(FeatureTable features)
    {
        double[] mean = new double[features.Width], squares = new double[features.Width];
        for (int n = 0; n < features.Count; n++)
            for (int i = 0; i < mean.Length; i++) mean[i] += features.Row(n)[i] / (double)features.Count;
        for (int n = 0; n < features.Count; n++)
            for (int i = 0; i < mean.Length; i++) squares[i] += Math.Pow(features.Row(n)[i] - mean[i], 2) / features.Count;
        // A feature that hardly varies must not be blown up: the deviation counts as at least a tenth of the typical one.
        double typical = Math.Sqrt(squares.Average());
        return (mean, Array.ConvertAll(squares, s => 1 / Math.Max(Math.Sqrt(s), Math.Max(0.1 * typical, 1e-6))));
    }

    private static float[] Floats(Model model, string name)
    {
        using var tensor = model.Graph.Initializers.First(t => t.Name == name).ToTensor();
        return tensor.AsSpan<float>().ToArray();
    }
}
