using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>Mean and variance of each channel of a value.</summary>
/// <param name="Mean">The means.</param>
/// <param name="Variance">The variances, 0 or more.</param>
public sealed record ChannelStatistics(ValueList<double> Mean, ValueList<double> Variance);

/// <summary>Batch normalizations that an exporter folded into the convolutions before them: finds where they may have been, puts ones back that change nothing in the network's use, and folds them in again after the training.</summary>
/// <remarks>
/// A normalization behind a convolution whose mean and variance are those of its input over calibration pictures, with scale sqrt(variance + epsilon) and shift mean, is the identity.
/// Trained with the statistics of batches it does what one that was there from the start would do. Folded: W' = W · scale / sqrt(variance + epsilon), b' = (b − mean) · scale / sqrt(variance + epsilon) + shift.
/// Source: Ioffe and Szegedy, Batch Normalization, 2015.
/// </remarks>
public static class FoldedNormalizations
{
    private const float Epsilon = 1e-5f;

    /// <summary>The values behind which a batch normalization may have been folded away: results of convolutions that are trained, with weights and biases of their own, that no batch normalization reads.</summary>
    /// <param name="network">The network.</param>
    /// <param name="freeze">What is frozen: all that any of these rules names.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <exception cref="ArgumentException">A rule names nothing that the network has.</exception>
    public static ValueList<string> Find(Model network, IReadOnlyList<FreezeRule> freeze, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(freeze);
        var graph = network.Graph;
        var layers = TrainableLayers.Of(network, freeze, new HashSet<string>(), limits ?? Limits.Default).All.Where(l => !l.IsFrozen).Select(l => l.Node).ToHashSet<Node>(ReferenceEqualityComparer.Instance);
        var uses = graph.Nodes.SelectMany(n => n.Reads()).CountBy(name => name).ToDictionary();
        var normalized = graph.Nodes.Where(n => n.OpType == "BatchNormalization").Select(n => n.Inputs[0]).ToHashSet();
        var stored = StoredNumbers.Of(network);
        bool IsOwn(string name) => stored.TryGetValue(name, out var data) && data.ElementType == ElementType.Float32 && uses[name] == 1;
        return graph.Nodes.Where(n => n.OpType == "Conv" && n.CanonicalDomain.Length == 0 && n.Inputs.Count == 3 && layers.Contains(n) && IsOwn(n.Inputs[1]) && IsOwn(n.Inputs[2]) && !normalized.Contains(n.Outputs[0]))
            .Select(n => n.Outputs[0]).ToValueList();
    }

    /// <summary>Puts a batch normalization behind convolutions. Each takes the name of the convolution's result, so that what reads it reads the normalization.</summary>
    /// <param name="network">The network.</param>
    /// <param name="statistics">For values of <see cref="Find"/> what they are over calibration pictures.</param>
    /// <exception cref="ArgumentException">No convolution makes such a value, or the numbers do not fit it.</exception>
    public static Model Restore(Model network, IReadOnlyDictionary<string, ChannelStatistics> statistics)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(statistics);
        var names = new UniqueNames(network.Graph);
        var weights = StoredNumbers.Of(network);
        var nodes = new List<Node>();
        var added = new List<TensorData>();
        foreach (var node in network.Graph.Nodes)
        {
            if (node.OpType != "Conv" || !statistics.TryGetValue(node.Outputs[0], out var found))
            {
                nodes.Add(node);
                continue;
            }
            string value = node.Outputs[0], before = names.Fresh($"{value}/before_normalization");
            int channels = checked((int)weights[node.Inputs[1]].Dims[0]);
            if (found.Mean.Count != channels || found.Variance.Count != channels) throw new ArgumentException($"value '{DisplayText.Escape(value)}' has {channels} channels, but the statistics are for {found.Mean.Count}", nameof(statistics));
            string Constant(string name, Func<int, double> number)
            {
                float[] numbers = [.. Enumerable.Range(0, channels).Select(c => (float)number(c))];
                added.Add(TensorData.From<float>(names.Fresh($"{value}/{name}"), [channels], numbers));
                return added[^1].Name;
            }

            nodes.Add(node with { Outputs = [before] });
            // The scale is that of the variance as it is stored.
            ValueList<string> inputs = [before, Constant("scale", c => Math.Sqrt((float)found.Variance[c] + (double)Epsilon)), Constant("shift", c => found.Mean[c]), Constant("mean", c => found.Mean[c]), Constant("variance", c => found.Variance[c])];
            nodes.Add(new Node("BatchNormalization", inputs, [value]) { Name = names.Fresh($"{node.Name}/normalization"), Attributes = [new NodeAttribute("epsilon", new AttributeValue.Float(Epsilon))] });
        }
        if (added.Count != 4 * statistics.Count) throw new ArgumentException("statistics are given for a value that no convolution makes", nameof(statistics));
        return network with { Graph = network.Graph with { Nodes = nodes.ToValueList(), Initializers = [.. network.Graph.Initializers, .. added] } };
    }

    /// <summary>The weights and biases of the convolutions with their batch normalizations folded in, under the names that they have.</summary>
    /// <param name="trained">The network with the normalizations.</param>
    /// <param name="values">The values that <see cref="Restore"/> was given.</param>
    /// <exception cref="ArgumentException">No batch normalization behind a convolution makes such a value.</exception>
    public static IReadOnlyList<TensorData> Fold(Model trained, IEnumerable<string> values)
    {
        ArgumentNullException.ThrowIfNull(trained);
        ArgumentNullException.ThrowIfNull(values);
        var makers = trained.Graph.Nodes.SelectMany(n => n.Outputs.Select(o => (o, n))).Where(m => m.o.Length > 0).ToDictionary(m => m.o, m => m.n);
        var data = StoredNumbers.Of(trained);
        var folded = new List<TensorData>();
        foreach (string value in values)
        {
            if (!makers.TryGetValue(value, out var normalization) || normalization.OpType != "BatchNormalization" || !makers.TryGetValue(normalization.Inputs[0], out var convolution) || convolution.OpType != "Conv")
                throw new ArgumentException($"value '{DisplayText.Escape(value)}' is not made by a batch normalization behind a convolution", nameof(values));
            float[] Read(string name)
            {
                using var tensor = data[name].ToTensor();
                return tensor.AsSpan<float>().ToArray();
            }

            float[] w = Read(convolution.Inputs[1]), b = Read(convolution.Inputs[2]), scale = Read(normalization.Inputs[1]), shift = Read(normalization.Inputs[2]), mean = Read(normalization.Inputs[3]), variance = Read(normalization.Inputs[4]);
            int length = w.Length / b.Length;
            for (int c = 0; c < b.Length; c++)
            {
                double factor = scale[c] / Math.Sqrt((double)variance[c] + Epsilon);
                for (int i = c * length; i < (c + 1) * length; i++) w[i] = (float)(w[i] * factor);
                b[c] = (float)(((b[c] - (double)mean[c]) * factor) + shift[c]);
            }
            folded.Add(TensorData.From<float>(convolution.Inputs[1], data[convolution.Inputs[1]].Dims.AsSpan(), w));
            folded.Add(TensorData.From<float>(convolution.Inputs[2], data[convolution.Inputs[2]].Dims.AsSpan(), b));
        }
        return folded;
    }
}
