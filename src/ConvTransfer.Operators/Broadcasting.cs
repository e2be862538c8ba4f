using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Operators;

/// <summary>How operands of different shapes are spread over one another: numpy's rule, and the rule of opsets before 7, which aligned the second operand by an axis.</summary>
/// <remarks>Source: ONNX Broadcasting.md; ONNX Add-1 for attributes axis and broadcast.</remarks>
internal static class Broadcasting
{
    /// <summary>The length of an axis over which two lengths are spread; null where they do not fit.</summary>
    public static Dim? Spread(Dim left, Dim right)
    {
        if (left.IsSame(right)) return left;
        if (left.IsKnown && left.Value == 1) return right;
        if (right.IsKnown && right.Value == 1) return left;
        if (left.IsKnown && right.IsKnown) return null;
        // The known length is the result's, whatever the other turns out to be: 1 or the same.
        return left.IsKnown ? left : right.IsKnown ? right : Dim.Unknown;
    }

    /// <summary>The dims of the result of operands that are spread over one another.</summary>
    public static Dim[] Dims(NodeContext n, params IEnumerable<int> inputs)
    {
        Dim[] result = [];
        foreach (int input in inputs)
        {
            var type = n.Input(input);
            Dim[] dims = [.. type.Dims!.Value];
            Dim[] merged = new Dim[System.Math.Max(dims.Length, result.Length)];
            for (int i = 0; i < merged.Length; i++)
            {
                Dim left = i < merged.Length - result.Length ? 1 : result[i - merged.Length + result.Length], right = i < merged.Length - dims.Length ? 1 : dims[i - merged.Length + dims.Length];
                merged[i] = Spread(left, right) ?? throw n.Invalid($"the inputs do not broadcast: {string.Join(", ", inputs.Select(k => $"'{Core.DisplayText.Escape(n.Node.Inputs[k])}' is {n.Input(k)}"))}");
            }
            result = merged;
        }
        return result;
    }

    /// <summary>For each axis of the result the elements from one index of the operand to the next; 0 where it is spread.</summary>
    /// <param name="operand">The operand.</param>
    /// <param name="result">The result.</param>
    /// <param name="axis">The axis of the result on which the operand's first axis lies; null to align the last axes.</param>
    public static long[] Strides(Shape operand, Shape result, int? axis = null)
    {
        long[] strides = new long[result.Rank];
        int first = axis ?? result.Rank - operand.Rank;
        long stride = 1;
        for (int i = operand.Rank - 1; i >= 0; i--)
        {
            if (operand[i] != 1) strides[first + i] = stride;
            stride *= operand[i];
        }
        return strides;
    }

    /// <summary>The loop geometry of operands aligned by their last axes.</summary>
    public static SpreadGeometry Geometry(NodeContext n, params IEnumerable<int> inputs)
    {
        var result = n.OutputShape(0);
        return new SpreadGeometry(result.Dims, [.. inputs.Select(i => Strides(n.InputShape(i), result))]);
    }
}
