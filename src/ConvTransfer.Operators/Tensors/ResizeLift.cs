using ConvTransfer.Graphs;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Writes Upsample and Resize-10 as a newer Resize.</summary>
internal static class ResizeLift
{
    /// <summary>The node that means the same since opset 11.</summary>
    /// <param name="n">The node.</param>
    /// <param name="lift">The lift.</param>
    /// <param name="scales">The name of the scales.</param>
    /// <param name="linear">Linear instead of nearest.</param>
    /// <param name="factors">The scales where they are known.</param>
    public static Node ToResize(NodeContext n, LiftContext lift, string scales, bool linear, float[]? factors)
    {
        // Nearest states no rounding before opset 11; down where an axis grows, up where it shrinks, which one attribute can say only where all axes do the same.
        bool shrinks = factors?.Any(f => f < 1) ?? n.Node.OpType == "Resize", grows = factors?.Any(f => f > 1) ?? true;
        if (!linear && shrinks && grows) throw n.Unsupported($"its nearest rounding, down where an axis grows and up where it shrinks, cannot be written for opset {lift.TargetOpset}");
        NodeAttribute Text(string name, string value) => new(name, new AttributeValue.String(value));
        var attributes = new List<NodeAttribute> { Text("mode", linear ? "linear" : "nearest"), Text("coordinate_transformation_mode", "asymmetric") };
        if (!linear) attributes.Add(Text("nearest_mode", shrinks ? "ceil" : "floor"));
        // Opset 11 demands a region of interest; none is read in this mode.
        string roi = lift.TargetOpset < 13 ? lift.Constant("roi", TensorData.From<float>("", [0], [])) : "";
        return n.Node with { OpType = "Resize", Inputs = [n.Node.Inputs[0], roi, scales], Attributes = attributes.ToValueList() };
    }
}
