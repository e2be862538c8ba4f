using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Adds elements before and behind every axis: a constant, the edge's, or the tensor's own mirrored or repeated. Negative pads cut.</summary>
/// <remarks>
/// Source: ONNX Pad-1 (attribute paddings), -2 (attribute pads), -11 (inputs), -13, -18 (axes), -19 (wrap) to -25. What is cut is cut first, as ONNX Runtime does;
/// the standard does not say what is mirrored then. A pad longer than the axis goes on mirroring or repeating.
/// </remarks>
internal sealed class Pad : PlainOperator
{
    private const string Constant = "constant", Reflect = "reflect", Edge = "edge", Wrap = "wrap";

    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntsAttribute Paddings = new("paddings") { Required = true, Until = 1 };
    private static readonly IntsAttribute Pads = new("pads") { Required = true, Since = 2, Until = 10 };
    private static readonly FloatAttribute Value = new("value") { Until = 10 };
    private static readonly StringAttribute ModeOf = new("mode", Constant, Constant, Reflect, Edge) { Until = 18 };
    private static readonly StringAttribute ModeWithWrap = new("mode", Constant, Constant, Reflect, Edge, Wrap) { Since = 19 };

    public override OperatorSchema Schema { get; } = new("Pad", since: [1, 2, 11, 13, 18, 19, 21, 23, 24, 25])
    {
        Breaking = [2, 11],
        Inputs =
        [
            new("data", T),
            new("pads", new("tensor(int64)", [ElementType.Int64])) { Since = 11, DecidesShape = true },
            new("constant_value", T, Presence.Optional) { Since = 11 },
            new("axes", new("Tind", TypeVariable.Indices), Presence.Optional) { Since = 18, DecidesShape = true },
        ],
        Outputs = [new("output", T)],
        Attributes = [Paddings, Pads, Value, ModeOf, ModeWithWrap],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        if (n.HasInput(2)) n.Require(n.Input(2).Dims!.Value.All(d => d.MayEqual(1)), $"constant_value is {n.Input(2)}, expected one element");
        if (Amounts(n) is not { } amounts) return [x with { Dims = new Dim[x.Rank].ToValueList() }];
        var dims = new Dim[x.Rank];
        for (int i = 0; i < dims.Length; i++)
        {
            var (begin, end) = amounts[i];
            dims[i] = begin == 0 && end == 0 ? x[i] : Dim.Unknown;
            if (!x[i].IsKnown) continue;
            long kept = checked(x[i].Value + System.Math.Min(begin, 0) + System.Math.Min(end, 0));
            n.Require(kept >= 0, $"pads {begin} and {end} cut more than the {x[i].Value} elements of axis {i}");
            n.Require(kept > 0 || Mode(n) == Constant || (begin <= 0 && end <= 0), $"axis {i} has no element left that mode {Mode(n)} could repeat");
            dims[i] = checked(kept + System.Math.Max(begin, 0) + System.Math.Max(end, 0));
        }
        return [x with { Dims = dims.ToValueList() }];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 11 || lift.TargetOpset < 2) return base.Lift(n, lift);
        long[] pads = (n.Version == 1 ? n.Get(Paddings) : n.Get(Pads))!;
        var others = n.Node.Attributes.Where(a => a.Name == ModeOf.Name).ToValueList();
        if (lift.TargetOpset < 11) return [n.Node with { Attributes = n.Node.Attributes.Where(a => a.Name != Paddings.Name && a.Name != Pads.Name).Append(new NodeAttribute(Pads.Name, new AttributeValue.Ints([.. pads]))).ToValueList() }];
        string amounts = lift.Constant("pads", TensorData.From<long>("", [pads.Length], pads));
        if (n.Get(Value) == 0) return [n.Node with { Inputs = [n.Node.Inputs[0], amounts], Attributes = others }];
        return [n.Node with { Inputs = [n.Node.Inputs[0], amounts, lift.Constant("constant_value", ValueOf(n))], Attributes = others }];
    }

    public override void Gradient(GradientContext g)
    {
        var x = g.N.InputShape(0);
        if (x.ElementCount == 0) return;
        var amounts = Amounts(g.N) ?? throw g.N.Unsupported("the pads are not known before the run, so it has no gradient; freeze up to its output");
        string dx = g.Gradient;
        if (Mode(g.N) == Constant)
        {
            dx = g.Node("Pad", [dx, g.Integers([.. amounts.Select(a => -a.Begin), .. amounts.Select(a => -a.End)])]);
            g.Accumulate(0, dx);
            // The constant has whatever the data does not have.
            string Total(string value) => g.Node("ReduceSum", [value], [new NodeAttribute("keepdims", new AttributeValue.Int(0))]);
            if (g.IsWanted(2)) g.Accumulate(2, g.Reshaped(g.Node("Sub", [Total(g.Gradient), Total(dx)]), g.N.InputShape(2)));
            return;
        }
        for (int axis = 0; axis < x.Rank; axis++)
        {
            if (amounts[axis] == (0, 0)) continue;
            var runs = Runs(Mode(g.N), x[axis], amounts[axis].Begin, amounts[axis].End);
            if (runs.Count == 0) return;
            dx = AxisScatter.Emit(g, dx, axis, x[axis], g.Integers([.. runs.SelectMany(run => Enumerable.Range(0, (int)run.Length).Select(i => run.From + (i * run.Step)))]));
        }
        g.Accumulate(0, dx);
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        var amounts = Amounts(n) ?? throw n.Invalid("the values of its inputs are not known when the plan is made");
        string mode = Mode(n);
        var maps = new AxisRun[x.Rank][];
        for (int i = 0; i < maps.Length; i++) maps[i] = [.. Runs(mode, x[i], amounts[i].Begin, amounts[i].End)];
        var type = n.Input(0).ElementType;
        ulong fill = type == ElementType.String ? 0 : ScalarBits.Of(n.Get(Value), type);
        return new PadKernel(type, new MappedCopy(x.Dims, n.OutputShape(0).Dims, maps), fill, n.HasInput(2));
    }

    private static TensorData ValueOf(NodeContext n)
    {
        using var value = new Tensor(n.Input(0).ElementType, Shape.Scalar);
        BitConverter.GetBytes(ScalarBits.Of(n.Get(Value), value.ElementType)).AsSpan(0, value.ElementType.SizeInBytes()).CopyTo(value.AsBytes());
        return TensorData.From("", value);
    }

    private static string Mode(NodeContext n) => n.Version < 19 ? n.Get(ModeOf) : n.Get(ModeWithWrap);

    // Elements to add (or, negative, to cut) before and behind each axis; null when they are not known yet.
    private static (long Begin, long End)[]? Amounts(NodeContext n)
    {
        int rank = n.Input(0).Rank;
        long[]? pads = n.Version == 1 ? n.Get(Paddings) : n.Version < 11 ? n.Get(Pads) : n.ConstantIntegers(1), axes = n.ConstantIntegers(3);
        if (pads is null || (axes is null && n.HasInput(3))) return null;
        if (n.Version >= 11) n.Require(n.Input(1).Rank == 1, $"pads is of rank {n.Input(1).Rank}, expected 1");
        int count = axes?.Length ?? rank;
        n.Require(pads.Length == 2 * count, $"{pads.Length} pads are given, expected two for each of {count} axes");
        var amounts = new (long, long)[rank];
        bool[] seen = new bool[rank];
        for (int i = 0; i < count; i++)
        {
            int axis = axes is null ? i : n.Axis(axes[i], rank);
            n.Require(!seen[axis], $"axis {axis} is given twice");
            seen[axis] = true;
            amounts[axis] = (pads[i], pads[count + i]);
        }
        return amounts;
    }

    private static List<AxisRun> Runs(string mode, long length, long begin, long end)
    {
        long first = System.Math.Max(0, -begin), kept = length - first - System.Math.Max(0, -end);
        long before = System.Math.Max(0, begin), behind = System.Math.Max(0, end), total = before + kept + behind;
        var runs = new List<AxisRun>();
        if (total == 0) return runs;
        long to = 0;
        void Add(long from, long count, int step)
        {
            if (count > 0) runs.Add(from < 0 ? AxisRun.Fill(to, count) : new AxisRun(to, first + from, count, step));
            to += System.Math.Max(0, count);
        }

        switch (mode)
        {
            case Constant:
                Add(-1, before, 0);
                Add(0, kept, 1);
                Add(-1, behind, 0);
                break;
            case Edge:
                Add(0, before, 0);
                Add(0, kept, 1);
                Add(kept - 1, behind, 0);
                break;
            case Wrap when kept == 1:
                Add(0, total, 0);
                break;
            case Wrap:
                for (long at = Modulo(-before, kept); to < total; at = 0) Add(at, System.Math.Min(kept - at, total - to), 1);
                break;
            default:
                Mirror(kept, before, total, Add, () => to);
                break;
        }
        return runs;
    }

    // Up from 0 to the last element, down to element 1, and so on: a wave of period 2 (n - 1). One element is mirrored onto itself.
    private static void Mirror(long kept, long before, long total, Action<long, long, int> add, Func<long> done)
    {
        if (kept == 1)
        {
            add(0, total, 0);
            return;
        }
        long period = 2 * (kept - 1), phase = Modulo(-before, period);
        while (done() < total)
        {
            long left = total - done();
            if (phase < kept - 1) add(phase, System.Math.Min(kept - 1 - phase, left), 1);
            else add(period - phase, System.Math.Min(period - phase, left), -1);
            phase = phase < kept - 1 ? kept - 1 : 0;
        }
    }

    private static long Modulo(long value, long period) => ((value % period) + period) % period;
}

internal sealed unsafe class PadKernel(ElementType type, MappedCopy copy, ulong fill, bool hasValue) : PlainKernel
{
    private readonly int _elementBytes = type.SizeInBytes();

    public override void Run(in PlainRun run)
    {
        if (type == ElementType.String) copy.Run(run.InputStrings(0), run.OutputStrings(0), hasValue ? run.InputStrings(2)[0] : "");
        else copy.Run(run.Input<byte>(0), run.Output<byte>(0), _elementBytes, hasValue ? ScalarBits.At(run.Input<byte>(2), _elementBytes) : fill, run.Crew);
    }
}
