using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>A new classifier behind a truncated network, in the form in which it is trained, and in the form in which it is handed back.</summary>
/// <remarks>
/// While it is trained the features are first brought to mean 0 and deviation 1 by constants that were measured before, so that one learning rate suits every network.
/// Handed back, these constants are part of the first dense layer: W' = W · scale, b' = b − W' · offset.
/// </remarks>
internal sealed class NewHead
{
    private readonly Dense[] _layers;
    private readonly double[] _offset, _scale;

    private NewHead(Model network, Dense[] layers, double[] offset, double[] scale)
    {
        Network = network;
        _layers = layers;
        _offset = offset;
        _scale = scale;
    }

    /// <summary>The network with the head: its output is the logits [N, classes].</summary>
    public Model Network { get; }

    /// <summary>The names of the head's weights.</summary>
    public ValueList<string> Weights => _layers.SelectMany(l => new[] { l.Weights, l.Biases }).ToValueList();

    /// <summary>Puts a head behind a network.</summary>
    /// <param name="truncated">The network; its output is features [N, F].</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="width">The number of features F.</param>
    /// <param name="features">Features of pictures, from which mean and deviation are taken; null to leave features as they are.</param>
    /// <param name="design">What the head is made of.</param>
    /// <param name="start">The head from which a linear one starts; null for zeros.</param>
    /// <param name="seed">The seed of the weights of hidden layers.</param>
    public static NewHead Behind(Model truncated, int classes, int width, FeatureTable? features, HeadDesign design, LinearHead? start, long seed)
    {
        var lifted = OpsetLift.LiftTo(truncated, Math.Max(OneFileModel.LeastOpset, truncated.Opset() ?? 0));
        var graph = lifted.Graph;
        var (offset, scale) = features is null ? (new double[width], Enumerable.Repeat(1.0, width).ToArray()) : Standardization(features);
        var names = new UniqueNames(graph);
        var nodes = new List<Node>();
        var constants = new List<TensorData>();
        string Constant(string name, long[] dims, float[] values)
        {
            constants.Add(TensorData.From<float>(names.Fresh(name), dims, values));
            return constants[^1].Name;
        }

        string Add(string op, string name, ValueList<string> inputs, params NodeAttribute[] attributes)
        {
            string output = names.Fresh($"head_{name}");
            nodes.Add(new Node(op, inputs, [output]) { Name = names.Fresh($"head/{name}"), Attributes = ValueList.Create<NodeAttribute>(attributes) });
            return output;
        }

        string x = Add("Sub", "centred", [graph.Outputs[0].Name, Constant("head.offset", [width], Array.ConvertAll(offset, v => (float)v))]);
        x = Add("Mul", "scaled", [x, Constant("head.scale", [width], Array.ConvertAll(scale, v => (float)v))]);
        var layers = new List<Dense>();
        int inputs = width;
        foreach (int units in design.Hidden.Append(classes))
        {
            bool isLast = layers.Count == design.Hidden.Count;
            if (design.Dropout > 0) x = Add("Dropout", "kept", [x, Constant("head.dropout", [], [(float)design.Dropout])]);
            string weights = names.Fresh("head.weight");
            // The last layer begins with zeros, which give all classes the same probability; hidden ones need to differ from each other.
            if (!isLast) constants.Add(HeInitialization.Weights(weights, [units, inputs], seed, layers.Count));
            else constants.Add(TensorData.From<float>(weights, [units, inputs], start is null ? new float[units * inputs] : Moved(start, offset, scale).Weights));
            string biases = Constant("head.bias", [units], isLast && start is not null ? Moved(start, offset, scale).Biases : new float[units]);
            layers.Add(new Dense(weights, biases, inputs, units));
            x = Add("Gemm", "dense", [x, weights, biases], new NodeAttribute("transB", new AttributeValue.Int(1)));
            if (!isLast) x = Add("Relu", "relu", [x]);
            inputs = units;
        }
        var appended = graph.Append([.. nodes], [.. constants], [new ValueInfo(x, null)]);
        return new NewHead(lifted with { Graph = appended }, [.. layers], Array.ConvertAll(offset, v => (double)(float)v), Array.ConvertAll(scale, v => (double)(float)v));
    }

    /// <summary>The trained head on the features as the network gives them: its hidden layers as a part of the network, and the linear classifier behind them.</summary>
    /// <param name="network">The network to which hidden layers are added; its output is the features.</param>
    /// <param name="trained">The network that <see cref="Network"/> became.</param>
    /// <param name="labels">The names of the classes.</param>
    public (Model Network, LinearHead Head) Folded(Model network, Model trained, ValueList<string> labels)
    {
        for (int i = 0; ; i++)
        {
            var layer = _layers[i];
            float[] w = Floats(trained, layer.Weights), b = Floats(trained, layer.Biases);
            if (i == 0) Fold(w, b);
            if (i == _layers.Length - 1) return (network, new LinearHead(labels, layer.Inputs, ValueList.Create<float>(w), ValueList.Create<float>(b)));
            network = DenseLayer.Behind(network, w, b, relu: true);
        }
    }

    // Into weights on features as they are.
    private void Fold(float[] w, float[] b)
    {
        int width = _offset.Length;
        for (int c = 0; c < b.Length; c++)
        {
            double bias = b[c];
            for (int i = 0; i < width; i++)
            {
                double weight = w[(c * width) + i] * _scale[i];
                w[(c * width) + i] = (float)weight;
                bias -= weight * _offset[i];
            }
            b[c] = (float)bias;
        }
    }

    // The other way round: the weights on features of mean 0 and deviation 1 that say what a head says about the features as they are.
    private static (float[] Weights, float[] Biases) Moved(LinearHead head, double[] offset, double[] scale)
    {
        int width = head.FeatureCount;
        double[] w = [.. head.Weights.Select(v => (double)v)], b = [.. head.Biases.Select(v => (double)v)];
        foreach (var normalizer in head.Normalizers.Reverse())
        {
            for (int i = 0; i < w.Length; i++)
            {
                w[i] *= normalizer.Scale[i % width];
                if (normalizer.Offset is { } taken) b[i / width] -= w[i] * taken[i % width];
            }
        }
        for (int i = 0; i < w.Length; i++)
        {
            b[i / width] += w[i] * (float)offset[i % width];
            w[i] /= (float)scale[i % width];
        }
        return (Array.ConvertAll(w, v => (float)v), Array.ConvertAll(b, v => (float)v));
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

    /// <summary>A dense layer of the head.</summary>
    private sealed record Dense(string Weights, string Biases, int Inputs, int Units);
}
