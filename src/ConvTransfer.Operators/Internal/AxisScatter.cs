using System.Numerics;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>The adjoint of taking elements along one axis: dX is 0, then for each tap t in order dX[…, to(t), …] += weight(t) · dY[…, from(t), …].</summary>
/// <remarks>Without from, tap t reads position t; without weights, all are 1. A target below 0 counts from the back. What strided slices, padding, resizing and gathering have in common.</remarks>
internal sealed class AxisScatter : PlainOperator
{
    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);
    private static readonly TypeVariable Positions = new("tensor(int64)", [ElementType.Int64]);
    private static readonly IntAttribute AxisOf = new("axis") { Required = true };
    private static readonly IntAttribute Length = new("length") { Required = true };

    public override OperatorSchema Schema { get; } = new("AxisScatter", [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("dY", T), new("to", Positions), new("from", Positions, Presence.Optional), new("weights", new("tensor(float)", [ElementType.Float32]), Presence.Optional)],
        Outputs = [new("dX", T)],
        Attributes = [AxisOf, Length],
    };

    /// <summary>Emits one node.</summary>
    public static string Emit(GradientContext g, string dy, int axis, long length, string to, string from = "", string weights = "") =>
        g.InternalNode("AxisScatter", [dy, to, from, weights], new(AxisOf.Name, new AttributeValue.Int(axis)), new(Length.Name, new AttributeValue.Int(length)));

    public override TensorType[] InferTypes(NodeContext n)
    {
        var dy = n.Input(0);
        int axis = n.Axis(n.Get(AxisOf), dy.Rank);
        n.Require(n.Get(Length) >= 1, $"attribute 'length' is {n.Get(Length)}, expected at least 1");
        n.Require(n.Input(1).Rank == 1, $"to is {n.Input(1)}, expected a vector");
        for (int i = 2; i < n.InputCount; i++)
            n.Require(!n.HasInput(i) || (n.Input(i).Rank == 1 && n.Input(i)[0].MayEqual(n.Input(1)[0])), $"input {i} is {n.Input(i)}, expected as many elements as to {n.Input(1)}");
        n.Require(n.HasInput(2) || n.Input(1)[0].MayEqual(dy[axis]), $"to is {n.Input(1)}, expected one target for each of {dy[axis]} positions");
        return [dy with { Dims = dy.Dims!.Value.Select((d, i) => i == axis ? n.Get(Length) : d).ToValueList() }];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var dy = n.InputShape(0);
        int axis = n.Axis(n.Get(AxisOf), dy.Rank);
        var plan = new ScatterPlan(checked((int)dy.Product(0, axis)), (nint)dy[axis], (nint)dy.Product(axis + 1, dy.Rank), checked((int)n.InputShape(1).ElementCount));
        IndexCheck targets = new(n.Node.DisplayName, n.Label, axis, n.Get(Length)), sources = targets with { Length = dy[axis] };
        return n.Input(0).ElementType == ElementType.Float64 ? new AxisScatterKernel<double>(plan, targets, sources) : new AxisScatterKernel<float>(plan, targets, sources);
    }
}

/// <summary>The gradient as [outer, rows, inner] elements, and the number of taps.</summary>
internal readonly record struct ScatterPlan(int Outer, nint Rows, nint Inner, int Taps);

internal sealed unsafe class AxisScatterKernel<T>(ScatterPlan plan, IndexCheck targets, IndexCheck sources) : PlainKernel where T : unmanaged, INumber<T>
{
    private readonly Work _work = new(plan, (nint)targets.Length);

    public override void Run(in PlainRun run)
    {
        long* to = run.Input<long>(1), from = run.Input<long>(2);
        for (int t = 0; t < plan.Taps; t++)
        {
            targets.FromFront(to[t]);
            if (from is not null) sources.FromFront(from[t]);
        }
        void** state = stackalloc void*[] { run.Input<T>(0), run.Output<T>(0), to, from, run.Input<float>(3) };
        run.Crew.For(_work, state, plan.Outer);
    }

    private sealed class Work(ScatterPlan plan, nint length) : CrewWork
    {
        internal override void RunUnit(void* state, int unit, int worker)
        {
            void** at = (void**)state;
            T* dy = (T*)at[0] + (unit * plan.Rows * plan.Inner), dx = (T*)at[1] + (unit * length * plan.Inner);
            long* to = (long*)at[2], from = (long*)at[3];
            float* weights = (float*)at[4];
            for (nint i = 0; i < length * plan.Inner; i++) dx[i] = T.Zero;
            for (int t = 0; t < plan.Taps; t++)
            {
                nint target = (nint)(to[t] < 0 ? to[t] + length : to[t]), source = from is null ? t : (nint)(from[t] < 0 ? from[t] + plan.Rows : from[t]);
                T weight = weights is null ? T.One : T.CreateTruncating(weights[t]);
                T* x = dx + (target * plan.Inner), y = dy + (source * plan.Inner);
                for (nint i = 0; i < plan.Inner; i++) x[i] += weight * y[i];
            }
        }
    }
}
