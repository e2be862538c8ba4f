using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>Where the numbers stand that a layer reads at one of its inputs.</summary>
/// <param name="Input">The name of the input.</param>
/// <param name="Stored">The name of the tensor that the model holds; null where the input is computed of several, or by what cannot be gone back through.</param>
/// <param name="Way">The nodes that lead from there to the input, in their order: none where the layer reads the tensor itself.</param>
/// <param name="Obstacle">Where nothing is stored, why.</param>
internal sealed record WeightOrigin(string Input, string? Stored, ValueList<Node> Way, string? Obstacle = null)
{
    /// <summary>True when the elements stand in the order in which the layer reads them.</summary>
    public bool KeepsOrder => Way.All(n => n.OpType != "Transpose");
}

/// <summary>A weight of a layer that no training can change.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Weight">The name of the weight as the layer reads it.</param>
/// <param name="Why">Why, as it goes on behind "which".</param>
internal sealed record UntrainedWeight(Node Layer, string Weight, string Why);

/// <summary>Goes back from the inputs of layers to the tensors that a model holds: through nodes that hand the same elements on, in the same order or in another one.</summary>
/// <param name="model">The model.</param>
/// <remarks>Such nodes stay in the network, and gradients flow through them. What is computed of a tensor in another way, or of several, stays as it is.</remarks>
internal sealed class WeightOrigins(TypedModel model)
{
    private static readonly string[] HandOn = ["Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten"];

    private readonly IReadOnlyDictionary<string, TensorData> _stored = StoredNumbers.Of(model.Model);

    /// <summary>The origin of a constant input.</summary>
    public WeightOrigin Of(string input)
    {
        var way = new Stack<Node>();
        string at = input;
        while (!_stored.ContainsKey(at))
        {
            if (!model.Makers.TryGetValue(at, out var maker)) return new WeightOrigin(input, null, [], "is no dense tensor");
            var node = maker.Node;
            // What decides the new shape is constant too, since the result is.
            if (!HandOn.Contains(node.OpType) || node.CanonicalDomain.Length > 0 || !model.IsConstant(at)) return new WeightOrigin(input, null, [], $"is made by {node.DisplayName}");
            way.Push(node);
            at = node.Inputs[0];
        }
        return new WeightOrigin(input, at, [.. way]);
    }

    /// <summary>The names of all tensors of which a node's constant inputs and results are computed.</summary>
    public IEnumerable<string> Behind(Node node)
    {
        var open = new Stack<string>(node.Reads().Concat(node.Outputs).Where(v => v.Length > 0 && model.IsConstant(v)));
        var seen = new HashSet<string>(open);
        while (open.TryPop(out string? at))
        {
            if (_stored.ContainsKey(at)) yield return at;
            else if (model.Makers.TryGetValue(at, out var maker))
                foreach (string read in maker.Node.Reads().Where(seen.Add)) open.Push(read);
        }
    }
}
