using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;

namespace ConvTransfer.Operators;

/// <summary>What an operator's gradient rule sees of its node, and where it puts the nodes that compute the gradient. Implemented by the backward walk.</summary>
/// <remarks>The graph is written in an opset of at least <see cref="LeastOpset"/>; all lengths are known.</remarks>
internal abstract class GradientContext(NodeContext n)
{
    /// <summary>The least opset of ai.onnx in which gradient rules write their nodes.</summary>
    public const long LeastOpset = 18;

    /// <summary>The node with its types.</summary>
    public NodeContext N { get; } = n;

    /// <summary>The gradient of output 0, in that output's shape.</summary>
    public string Gradient => OutputGradient(0) ?? throw new InvalidOperationException($"no gradient reaches output 0 of {N.Label}");

    /// <summary>True when the gradient of an input is asked for. The rule need not compute others.</summary>
    public abstract bool IsWanted(int input);

    /// <summary>The name of the gradient of an output, in the output's shape; null where none reaches it: it is 0.</summary>
    public abstract string? OutputGradient(int output);

    /// <summary>Adds to the gradient of an input. The value has the input's shape.</summary>
    public abstract void Accumulate(int input, string gradient);

    /// <summary>Adds a node with one output and gives that output's name.</summary>
    /// <param name="op">The operator's name.</param>
    /// <param name="inputs">The names of its inputs.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="domain">Its domain.</param>
    public string Node(string op, ValueList<string> inputs, NodeAttribute[]? attributes = null, string domain = "") => Nodes(op, inputs, 1, attributes, domain)[0];

    /// <summary>Adds a node of <see cref="GradientOperators.Domain"/> with one output and gives that output's name.</summary>
    public string InternalNode(string op, ValueList<string> inputs, params NodeAttribute[] attributes) => Node(op, inputs, attributes, GradientOperators.Domain);

    /// <summary>Adds a node with several outputs and gives their names.</summary>
    public abstract string[] Nodes(string op, ValueList<string> inputs, int outputs, NodeAttribute[]? attributes = null, string domain = "");

    /// <summary>A constant of the graph; gives its name.</summary>
    public abstract string Constant(TensorData data);

    /// <summary>The name of an input.</summary>
    public string Input(int index) => N.Node.Inputs[index];

    /// <summary>The name of an output.</summary>
    public string Output(int index = 0) => N.Node.Outputs[index];

    /// <summary>A constant vector of int64: axes, lengths.</summary>
    public string Integers(params ReadOnlySpan<long> values) => Constant(TensorData.From("", [values.Length], values));

    /// <summary>A constant scalar of the type of input 0.</summary>
    public string Scalar(double value) => Constant(N.Input(0).ElementType switch
    {
        ElementType.Float64 => TensorData.From("", [], [value]),
        ElementType.Float16 => TensorData.From("", [], [(Half)value]),
        _ => TensorData.From("", [], [(float)value]),
    });

    /// <summary>A value under another shape.</summary>
    public string Reshaped(string value, Shape shape) => Node("Reshape", [value, Integers(shape.Dims)], [new NodeAttribute("allowzero", new AttributeValue.Int(1))]);

    /// <summary>Adds up a gradient over the axes along which an input was spread, so that it has the input's shape: the adjoint of broadcasting.</summary>
    public string SummedTo(string gradient, Shape from, Shape to)
    {
        var axes = new List<long>();
        int extra = from.Rank - to.Rank;
        for (int axis = 0; axis < from.Rank; axis++)
            if (axis < extra || (to[axis - extra] == 1 && from[axis] != 1)) axes.Add(axis);
        if (axes.Count == 0) return gradient;
        string sum = Node("ReduceSum", [gradient, Integers([.. axes])], [new NodeAttribute("keepdims", new AttributeValue.Int(extra == 0 ? 1 : 0))]);
        return extra == 0 ? sum : Reshaped(sum, to);
    }

    /// <summary>Adds to the gradient of an input that was spread over the output.</summary>
    public void AccumulateSpread(int input, string gradient) => Accumulate(input, SummedTo(gradient, N.OutputShape(0), N.InputShape(input)));
}
