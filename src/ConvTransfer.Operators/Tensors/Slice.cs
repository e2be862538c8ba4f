using ConvTransfer.Engine.Movement;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The part of a tensor from starts to ends in steps, per axis. Bounds count from the back where negative and are held in the axis' range.</summary>
/// <remarks>Source: ONNX Slice-1 (attributes), -10 (inputs, steps), -11 (negative axes, which are taken in every version), -13.</remarks>
internal sealed class Slice : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly TypeVariable Tind = new("Tind", TypeVariable.Indices);
    private static readonly IntsAttribute Axes = new("axes") { Until = 9 };
    private static readonly IntsAttribute Starts = new("starts") { Required = true, Until = 9 };
    private static readonly IntsAttribute Ends = new("ends") { Required = true, Until = 9 };

    public override OperatorSchema Schema { get; } = new("Slice", since: [1, 10, 11, 13])
    {
        Breaking = [10],
        Inputs =
        [
            new("data", T),
            new("starts", Tind) { Since = 10, DecidesShape = true },
            new("ends", Tind) { Since = 10, DecidesShape = true },
            new("axes", Tind, Presence.Optional) { Since = 10, DecidesShape = true },
            new("steps", Tind, Presence.Optional) { Since = 10, DecidesShape = true },
        ],
        Outputs = [new("output", T)],
        Attributes = [Axes, Starts, Ends],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var dims = n.Input(0).Dims!.Value;
        return [n.Input(0) with { Dims = Ranges(n)?.Select((r, axis) => r.Count(dims[axis])).ToValueList() ?? new Dim[dims.Count].ToValueList() }];
    }

    public override Dim[]? InferElements(NodeContext n)
    {
        if (n.Input(0).Rank != 1 || n.Elements(0) is not { } data || Ranges(n) is not [var range] || !range.Count(data.Length).IsKnown) return null;
        var (start, step, count) = range.In(data.Length);
        return [.. Enumerable.Range(0, (int)count).Select(i => data[start + (i * step)])];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 10 || lift.TargetOpset < 10) return base.Lift(n, lift);
        string Input(string hint, long[] values) => lift.Constant(hint, TensorData.From<long>("", [values.Length], values));
        string data = n.Node.Inputs[0], starts = Input("starts", n.Get(Starts)!), ends = Input("ends", n.Get(Ends)!);
        return [n.Node with { Inputs = n.Get(Axes) is { } axes ? [data, starts, ends, Input("axes", axes)] : [data, starts, ends], Attributes = [] }];
    }

    // What is taken in steps of 1 is put back by padding, what is taken in others by a scatter.
    public override void Gradient(GradientContext g)
    {
        var x = g.N.InputShape(0);
        if (g.N.OutputShape(0).ElementCount == 0) return;
        var ranges = Ranges(g.N) ?? throw g.N.Unsupported("the part that it takes is not known before the run, so it has no gradient; freeze up to its output");
        long[] pads = new long[2 * x.Rank];
        string dx = g.Gradient;
        for (int axis = 0; axis < x.Rank; axis++)
        {
            var (start, step, count) = ranges[axis].In(x[axis]);
            if (step == 1) (pads[axis], pads[x.Rank + axis]) = (start, x[axis] - start - count);
            else dx = AxisScatter.Emit(g, dx, axis, x[axis], g.Integers([.. Enumerable.Range(0, (int)count).Select(i => start + (i * step))]));
        }
        g.Accumulate(0, pads.All(p => p == 0) ? dx : g.Node("Pad", [dx, g.Integers(pads)]));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        var y = n.OutputShape(0);
        var ranges = Ranges(n) ?? throw n.Invalid("the values of its inputs are not known when the plan is made");
        long[] strides = StridedCopy.DenseStrides(x.Dims), to = StridedCopy.DenseStrides(y.Dims);
        long first = 0;
        for (int axis = 0; axis < strides.Length; axis++)
        {
            var (start, step, _) = ranges[axis].In(x[axis]);
            first += start * strides[axis];
            strides[axis] = y[axis] > 1 ? strides[axis] * step : 0;
        }
        return new CopyKernel(n.Input(0).ElementType, new CopyPart(0, 0, new StridedCopy(y.Dims, strides, to, fromStart: y.ElementCount == 0 ? 0 : first)));
    }

    // One range for each axis of the data; null when not even the axes are known.
    private static SliceRange[]? Ranges(NodeContext n)
    {
        int rank = n.Input(0).Rank;
        bool asInputs = n.Version >= 10;
        var starts = asInputs ? n.Elements(1) : Lengths(n.Get(Starts));
        var ends = asInputs ? n.Elements(2) : Lengths(n.Get(Ends));
        var axes = asInputs ? n.ConstantIntegers(3) : n.Get(Axes);
        var steps = n.HasInput(4) ? n.Elements(4) : null;
        if (starts is null || ends is null || (axes is null && n.HasInput(3)) || (steps is null && n.HasInput(4))) return null;
        n.Require(starts.Length == ends.Length, $"{starts.Length} starts and {ends.Length} ends are given");
        n.Require(axes is null || axes.Length == starts.Length, $"{axes?.Length} axes are given for {starts.Length} starts");
        n.Require(steps is null || steps.Length == starts.Length, $"{steps?.Length} steps are given for {starts.Length} starts");
        n.Require(starts.Length <= rank, $"{starts.Length} starts are given for a tensor of rank {rank}");
        var ranges = new SliceRange[rank];
        Array.Fill(ranges, SliceRange.Whole);
        bool[] seen = new bool[rank];
        for (int i = 0; i < starts.Length; i++)
        {
            int axis = axes is null ? i : n.Axis(axes[i], rank);
            n.Require(!seen[axis], $"axis {axis} is given twice");
            seen[axis] = true;
            var step = steps?[i] ?? 1;
            n.Require(!step.IsKnown || step.Value != 0, $"the step of axis {axis} is 0");
            ranges[axis] = new SliceRange(starts[i], ends[i], step);
        }
        return ranges;
    }

    private static Dim[]? Lengths(long[]? values) => values is null ? null : Array.ConvertAll(values, v => (Dim)v);
}

/// <summary>A part of one axis, as far as it is known.</summary>
internal readonly record struct SliceRange(Dim Start, Dim End, Dim Step)
{
    /// <summary>All of an axis.</summary>
    public static SliceRange Whole { get; } = new(0, long.MaxValue, 1);

    /// <summary>The number of elements that are taken from an axis.</summary>
    public Dim Count(Dim length)
    {
        // From 0 to a bound that no axis exceeds, or to the axis' own length, it is the whole axis.
        if (Start is { IsKnown: true, Value: 0 } && Step is { IsKnown: true, Value: 1 } && (End.IsSame(length) || End is { IsKnown: true, Value: >= int.MaxValue })) return length;
        return length.IsKnown && Start.IsKnown && End.IsKnown && Step.IsKnown ? In(length.Value).Count : Dim.Unknown;
    }

    /// <summary>First element, step and number of elements of an axis of a length; the range must be known.</summary>
    public (long Start, long Step, long Count) In(long length)
    {
        // A step beyond the length takes one element at most, as the length itself does.
        long reach = System.Math.Max(1, length), step = System.Math.Clamp(Step.Value, -reach, reach);
        long least = step < 0 ? -1 : 0, most = step < 0 ? length - 1 : length;
        long start = System.Math.Clamp(FromFront(Start.Value, length), 0, System.Math.Max(0, most)), end = FromFront(End, length, least, most);
        long distance = step < 0 ? start - end : end - start;
        return (start, step, distance <= 0 || length == 0 ? 0 : ((distance - 1) / System.Math.Abs(step)) + 1);
    }

    private static long FromFront(Dim end, long length, long least, long most) => !end.IsKnown ? most : System.Math.Max(least, System.Math.Min(most, FromFront(end.Value, length)));

    private static long FromFront(long position, long length) => position < 0 ? position + length : position;
}
