using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>A value that stands in the node.</summary>
/// <remarks>Source: ONNX Constant-1 to -25; numbers, strings and lists of them since version 12. sparse_value (since 11) is refused.</remarks>
internal sealed class Constant : PlainOperator
{
    private static readonly TensorAttribute Value = new("value");
    private static readonly OpaqueAttribute SparseValue = new("sparse_value") { Since = 11 };
    private static readonly FloatAttribute ValueFloat = new("value_float") { Since = 12 };
    private static readonly FloatsAttribute ValueFloats = new("value_floats") { Since = 12 };
    private static readonly IntAttribute ValueInt = new("value_int") { Since = 12 };
    private static readonly IntsAttribute ValueInts = new("value_ints") { Since = 12 };
    private static readonly StringAttribute ValueString = new("value_string") { Since = 12 };
    private static readonly StringsAttribute ValueStrings = new("value_strings") { Since = 12 };

    public override OperatorSchema Schema { get; } = new("Constant", since: [1, 9, 11, 12, 13, 19, 21, 23, 24, 25])
    {
        Outputs = [new("output", new("T", TypeVariable.All))],
        Attributes = [Value, SparseValue, ValueFloat, ValueFloats, ValueInt, ValueInts, ValueString, ValueStrings],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        int given = Schema.Attributes.Count(n.Has);
        n.Require(given == 1, $"{given} of the attributes that hold the value are given, expected 1");
        if (n.Has(SparseValue)) throw n.Unsupported("sparse_value holds a sparse tensor; only dense ones are supported");
        if (n.Get(Value) is { } data)
        {
            if (!data.ElementType.IsSupported()) throw n.Unsupported($"the value is of type {data.ElementType.OnnxName()}, with which the engine does not compute");
            return [data.Type];
        }
        if (n.Has(ValueFloat)) return [new TensorType(ElementType.Float32, [])];
        if (n.Get(ValueFloats) is { } floats) return [new TensorType(ElementType.Float32, [floats.Length])];
        if (n.Has(ValueInt)) return [new TensorType(ElementType.Int64, [])];
        if (n.Get(ValueInts) is { } ints) return [new TensorType(ElementType.Int64, [ints.Length])];
        return [new TensorType(ElementType.String, n.Get(ValueStrings) is { } strings ? [strings.Length] : [])];
    }

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x)
    {
        if (n.Get(Value) is { } data) return [data.ToTensor()];
        if (n.Has(ValueFloat)) return [Tensor.From(Shape.Scalar, n.Get(ValueFloat))];
        if (n.Get(ValueFloats) is { } floats) return [Tensor.From<float>(new Shape(floats.Length), floats)];
        if (n.Has(ValueInt)) return [Tensor.From(Shape.Scalar, n.Get(ValueInt))];
        if (n.Get(ValueInts) is { } ints) return [Tensor.From<long>(new Shape(ints.Length), ints)];
        if (n.Get(ValueStrings) is { } strings) return [Tensor.FromStrings(new Shape(strings.Length), strings)];
        return [Tensor.FromStrings(Shape.Scalar, n.Get(ValueString))];
    }

    // A plan meets a constant only where it is too large to be computed beforehand, and such a one is refused there.
    protected override PlainKernel Prepare(NodeContext n) => throw n.OverLimit($"the value {n.Output(0)} is beyond the memory limit");
}
