using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>X where the condition is true, otherwise Y; the three are spread over one another.</summary>
/// <remarks>Source: ONNX Where-9, -16; the versions differ in types only.</remarks>
internal sealed class Where : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);

    public override OperatorSchema Schema { get; } = new("Where", since: [9, 16])
    {
        Inputs = [new("condition", new("B", [ElementType.Bool])), new("X", T), new("Y", T)],
        Outputs = [new("output", T)],
    };

    public override TensorType[] InferTypes(NodeContext n) => [n.Input(1) with { Dims = Broadcasting.Dims(n, 0, 1, 2).ToValueList() }];

    public override void Gradient(GradientContext g)
    {
        string zero = g.Node("CastLike", [g.Constant(TensorData.From("", [], [0f])), g.Gradient]);
        if (g.IsWanted(1)) g.AccumulateSpread(1, g.Node("Where", [g.Input(0), g.Gradient, zero]));
        if (g.IsWanted(2)) g.AccumulateSpread(2, g.Node("Where", [g.Input(0), zero, g.Gradient]));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var shape = n.OutputShape(0);
        return new WhereKernel(n.Input(1).ElementType, shape, Broadcasting.Strides(n.InputShape(0), shape), Broadcasting.Strides(n.InputShape(1), shape), Broadcasting.Strides(n.InputShape(2), shape));
    }
}

/// <summary>Chooses between two tensors, row by row of the result.</summary>
internal sealed unsafe class WhereKernel(ElementType type, Shape shape, long[] condition, long[] x, long[] y) : PlainKernel
{
    public override void Run(in PlainRun run)
    {
        byte* where = run.Input<byte>(0);
        switch (type == ElementType.String ? 0 : type.SizeInBytes())
        {
            case 0: Choose(where, ref Start(run.InputStrings(1)), ref Start(run.InputStrings(2)), ref Start(run.OutputStrings(0))); break;
            case 1: Choose(where, ref *run.Input<byte>(1), ref *run.Input<byte>(2), ref *run.Output<byte>(0)); break;
            case 2: Choose(where, ref *run.Input<ushort>(1), ref *run.Input<ushort>(2), ref *run.Output<ushort>(0)); break;
            case 4: Choose(where, ref *run.Input<uint>(1), ref *run.Input<uint>(2), ref *run.Output<uint>(0)); break;
            default: Choose(where, ref *run.Input<ulong>(1), ref *run.Input<ulong>(2), ref *run.Output<ulong>(0)); break;
        }
    }

    private static ref string Start(string[] strings) => ref MemoryMarshal.GetArrayDataReference(strings);

    private void Choose<T>(byte* where, ref T ifTrue, ref T ifFalse, ref T to)
    {
        int last = shape.Rank - 1;
        long length = last < 0 ? 1 : shape[last], rows = shape.ElementCount == 0 ? 0 : shape.ElementCount / length;
        nint whereStep = last < 0 ? 0 : (nint)condition[last], trueStep = last < 0 ? 0 : (nint)x[last], falseStep = last < 0 ? 0 : (nint)y[last];
        for (long row = 0; row < rows; row++)
        {
            nint whereAt = 0, trueAt = 0, falseAt = 0, toAt = (nint)(row * length);
            long rest = row;
            for (int axis = last - 1; axis >= 0; axis--)
            {
                nint at = (nint)(rest % shape[axis]);
                rest /= shape[axis];
                whereAt += at * (nint)condition[axis];
                trueAt += at * (nint)x[axis];
                falseAt += at * (nint)y[axis];
            }
            for (long i = 0; i < length; i++, whereAt += whereStep, trueAt += trueStep, falseAt += falseStep)
                Unsafe.Add(ref to, toAt + (nint)i) = where[whereAt] != 0 ? Unsafe.Add(ref ifTrue, trueAt) : Unsafe.Add(ref ifFalse, falseAt);
        }
    }
}
