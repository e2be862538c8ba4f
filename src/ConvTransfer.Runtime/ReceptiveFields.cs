using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>
/// How far each value of a network sees, along the longest path: r' = r + (k − 1) · j and j' = j · s for a window of effective length k and stride s,
/// where r is the field and j the step on the input; where paths meet the greatest field and step count.
/// </summary>
/// <remarks>Source: Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill 2019.</remarks>
internal sealed class ReceptiveFields(TypedModel model)
{
    private static readonly ReceptiveField Whole = new([], [], IsWhole: true);
    private readonly Dictionary<string, ReceptiveField?> _fields = [];

    /// <summary>The field of a node's outputs. Nodes are given in order.</summary>
    /// <param name="node">The node.</param>
    /// <param name="cost">What it costs and sees; null where it could not be typed.</param>
    public ReceptiveField? Visit(Node node, NodeCost? cost)
    {
        var field = cost is null ? null : Field(node, cost.Window);
        foreach (string output in node.Outputs) _fields[output] = field;
        return field;
    }

    private ReceptiveField? Field(Node node, SpatialWindow? window)
    {
        string[] data = [.. node.Inputs.Where(i => i.Length > 0 && !model.IsConstant(i))];
        if (data.Length == 0) return null;
        if (window is { Kernel: null }) return Whole;
        // A dense layer, and what follows it, sees everything.
        if (window is null && TypedModel.RoleOf(node) == OperatorRole.WeightedLayer) return Whole;
        int axes = window?.Strides.Count ?? 0;
        ReceptiveField? merged = null;
        foreach (string input in data)
        {
            var field = _fields.TryGetValue(input, out var known) ? known : Pixel(input, axes);
            if (field is null) return null;
            merged = merged is null ? field : Greater(merged, field);
            if (merged is null) return null;
        }
        if (merged!.IsWhole || window is null) return merged;
        if (merged.Size.Count != axes) return null;
        long[] size = new long[axes], stride = new long[axes];
        for (int a = 0; a < axes; a++)
        {
            size[a] = checked(merged.Size[a] + ((window.Kernel!.Value[a] - 1) * merged.Stride[a]));
            stride[a] = checked(merged.Stride[a] * window.Strides[a]);
        }
        return new ReceptiveField([.. size], [.. stride], IsWhole: false);
    }

    // A value that no node has made is an input: one element sees itself.
    private ReceptiveField? Pixel(string input, int axes)
    {
        int spatial = axes > 0 ? axes : model.TypeOf(input)?.Dims is { Count: > 2 } dims ? dims.Count - 2 : 0;
        return spatial == 0 ? null : new ReceptiveField(Enumerable.Repeat(1L, spatial).ToValueList(), Enumerable.Repeat(1L, spatial).ToValueList(), IsWhole: false);
    }

    private static ReceptiveField? Greater(ReceptiveField first, ReceptiveField second)
    {
        if (first.IsWhole || second.IsWhole) return Whole;
        if (first.Size.Count != second.Size.Count) return null;
        return new ReceptiveField(first.Size.Zip(second.Size).Select(p => Math.Max(p.First, p.Second)).ToValueList(), first.Stride.Zip(second.Stride).Select(p => Math.Max(p.First, p.Second)).ToValueList(), IsWhole: false);
    }
}
