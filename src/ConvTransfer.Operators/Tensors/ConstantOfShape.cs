using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>A tensor of the given shape whose elements are all <c>value</c>: by default float32 0.</summary>
/// <remarks>Source: ONNX ConstantOfShape-9 to -25; the versions differ in types only. An empty shape gives a scalar.</remarks>
internal sealed class ConstantOfShape : PlainOperator
{
    private static readonly TensorAttribute Value = new("value");

    public override OperatorSchema Schema { get; } = new("ConstantOfShape", since: [9, 20, 21, 23, 24, 25])
    {
        Inputs = [new("input", new("T1", [ElementType.Int64])) { DecidesShape = true }],
        Outputs = [new("output", new("T2", TypeVariable.NumbersAndBool))],
        Attributes = [Value],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        n.Require(n.Input(0).Rank == 1, $"the shape is of rank {n.Input(0).Rank}, expected 1");
        var type = ElementType.Float32;
        if (n.Get(Value) is { } value)
        {
            n.Require(value.Dims.Aggregate(1L, (a, b) => checked(a * b)) == 1, $"value is {value.Type}, expected one element");
            if (!value.ElementType.IsSupported() || value.ElementType == ElementType.String) throw n.Unsupported($"the value is of type {value.ElementType.OnnxName()}, with which the engine does not fill tensors");
            type = value.ElementType;
        }
        var dims = n.Elements(0);
        for (int i = 0; i < (dims?.Length ?? 0); i++) n.Require(dims![i].MayEqual(0) || !dims[i].IsKnown || dims[i].Value > 0, $"length {dims[i]} of axis {i} is negative");
        return [new TensorType(type, dims?.ToValueList())];
    }

    public override Dim[]? InferElements(NodeContext n)
    {
        if (!n.Output(0)[0].IsKnown || n.Output(0)[0].Value > TypeInference.MostElements || n.Get(Value) is not { } data) return null;
        using var value = data.ToTensor();
        var element = (Dim)(value.ElementType == ElementType.Int64 ? value.AsSpan<long>()[0] : value.AsSpan<int>()[0]);
        return [.. Enumerable.Repeat(element, (int)n.Output(0)[0].Value)];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var held = n.Output(0).ElementType;
        var value = n.Get(Value)?.ToTensor() ?? new Tensor(ElementType.Float32, Shape.Scalar);
        if (value.ElementType == ElementType.Float16 && held == ElementType.Float32) value = HalfConversion.Widen(value);
        using (value) return new FillKernel(ScalarBits.Of(value), held.SizeInBytes(), n.OutputShape(0).ElementCount);
    }
}
