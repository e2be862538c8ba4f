using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Training;

/// <summary>A dropout that acts while the network is trained: its input is multiplied by a mask that is an input of the training graph.</summary>
/// <param name="Node">The node; where the network is used it hands its input on.</param>
/// <param name="Mask">The name of the mask.</param>
/// <param name="Type">The type of the mask and of the node's input, for a batch.</param>
/// <param name="Ratio">The share of the numbers that become 0, above 0 and below 1.</param>
/// <param name="Number">The number of the node among the dropouts of the network, from 0.</param>
/// <remarks>Inverted dropout: what is kept is divided by 1 − ratio, so that nothing has to be done where the network is used. Source: Srivastava et al., Dropout, 2014; ONNX Dropout-22.</remarks>
internal sealed record TrainedDropout(Node Node, string Mask, TensorType Type, float Ratio, int Number)
{
    /// <summary>The nodes of the training graph in place of the dropout.</summary>
    public IEnumerable<Node> Nodes()
    {
        yield return new Node("Mul", [Node.Inputs[0], Mask], [Node.Outputs[0]]) { Name = Node.Name };
        if (Node.Outputs.Count > 1 && Node.Outputs[1].Length > 0)
            yield return new Node("Cast", [Mask], [Node.Outputs[1]]) { Name = $"{Node.Name}/mask", Attributes = [new NodeAttribute("to", new AttributeValue.Int((long)ElementType.Bool))] };
    }

    /// <summary>Draws the mask of a batch: a function of seed, epoch, batch and the node's number alone.</summary>
    public void Write(Span<float> mask, long seed, int epoch, int batch)
    {
        var random = new CounterRandom(seed, epoch, batch, RandomPurpose.Dropout + ((long)Number << 16));
        uint threshold = (uint)Math.Min(uint.MaxValue, Ratio * 4294967296.0);
        float kept = (float)(1 / (1 - (double)Ratio));
        ulong bits = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            // Each draw has bits for two elements.
            bits = i % 2 == 0 ? random.NextUInt64() : bits >> 32;
            mask[i] = (uint)bits >= threshold ? kept : 0;
        }
    }

    /// <summary>Finds the dropouts that act: those of the trained part, and those from which what is trained is reached without passing a frozen layer. In the frozen part a dropout is the identity.</summary>
    /// <param name="typed">The nodes in their order.</param>
    /// <param name="varying">The values that vary with what is trained.</param>
    /// <param name="layers">The layers, and what rules freeze beside them.</param>
    public static IEnumerable<Node> Acting(IReadOnlyList<TypedNode> typed, HashSet<string> varying, LayerList layers)
    {
        var frozen = layers.All.Where(l => l.IsFrozen).Select(l => l.Node).ToHashSet<Node>(ReferenceEqualityComparer.Instance);
        frozen.UnionWith(layers.Frozen);
        var open = new HashSet<string>();
        foreach (var (node, _) in typed.Reverse())
        {
            if (frozen.Contains(node) || !node.Outputs.Any(o => varying.Contains(o) || open.Contains(o))) continue;
            open.UnionWith(node.Reads());
            if (IsDropout(node)) yield return node;
        }
    }

    /// <summary>True for a node that is a dropout.</summary>
    public static bool IsDropout(Node node) => node.OpType == "Dropout" && node.CanonicalDomain.Length == 0;

    /// <summary>The ratio of a node of opset 12 or newer, where it is an input.</summary>
    /// <exception cref="ConvTransferException">It is not known before the run, or out of its range.</exception>
    public static float RatioOf(Node node, ConstantTable constants, string? file)
    {
        string input = node.Inputs.Count > 1 ? node.Inputs[1] : "";
        if (input.Length == 0) return 0.5f;
        double ratio = constants.Find(input) switch
        {
            { ElementType: ElementType.Float32, ElementCount: 1 } t => t.AsSpan<float>()[0],
            { ElementType: ElementType.Float64, ElementCount: 1 } t => t.AsSpan<double>()[0],
            { ElementType: ElementType.Float16, ElementCount: 1 } t => (double)t.AsSpan<Half>()[0],
            _ => throw new ConvTransferException(FailureCause.Unsupported, $"{node.DisplayName}: its ratio '{DisplayText.Escape(input)}' is not a number that is known before the training", file, node.DisplayName),
        };
        return ratio is >= 0 and < 1 ? (float)ratio : throw new ConvTransferException(FailureCause.ModelInvalid, $"{node.DisplayName}: its ratio is {ratio}, expected 0 to below 1", file, node.DisplayName);
    }
}
