using System.Numerics;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Gemm;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = alpha · A' · B' + beta · C, where A' and B' are A and B or their transposes, and C is spread over Y's shape.</summary>
/// <remarks>
/// Source: ONNX Gemm-1, -6, -7, -9 (integers), -11 (C optional), -13. Until 6 C must have Y's shape unless attribute broadcast is set; 7 spreads it always and knows no such attribute.
/// Integers wrap.
/// </remarks>
internal sealed class Gemm : Operator
{
    private static readonly TypeVariable T = new("T", [.. TypeVariable.Floats, ElementType.Int32, ElementType.Int64, ElementType.UInt32, ElementType.UInt64]);
    private static readonly FloatAttribute Alpha = new("alpha", 1);
    private static readonly FloatAttribute Beta = new("beta", 1);
    private static readonly IntAttribute TransA = new("transA");
    private static readonly IntAttribute TransB = new("transB");
    private static readonly IntAttribute Broadcast = new("broadcast") { Until = 6 };

    public override OperatorSchema Schema { get; } = new("Gemm", since: [1, 6, 7, 9, 11, 13])
    {
        Inputs = [new("A", T), new("B", T), new("C", T) { Until = 9 }, new("C", T, Presence.Optional) { Since = 11 }],
        Outputs = [new("Y", T)],
        Attributes = [Alpha, Beta, TransA, TransB, Broadcast],
        Breaking = [7],
    };

    public override OperatorRole Role => OperatorRole.WeightedLayer;

    public override TensorType[] InferTypes(NodeContext n)
    {
        n.Require(n.Version >= 9 || n.Input(0).ElementType.IsFloat(), $"the inputs are of type {n.Input(0).ElementType.OnnxName()}, which opset {n.Opset} does not allow; 9 does");
        for (int i = 0; i < 2; i++) n.Require(n.Input(i).Rank == 2, $"input {"AB"[i]} ({Shown(n, i)}) is {n.Input(i)}, expected a matrix: rank 2");
        var (m, innerA) = Sides(n.Input(0), n.Get(TransA) != 0);
        var (innerB, columns) = Sides(n.Input(1), n.Get(TransB) == 0, swap: true);
        n.Require(innerA.MayEqual(innerB), $"the inner lengths differ: A ({Shown(n, 0)}) is {n.Input(0)} with transA {n.Get(TransA)}, B ({Shown(n, 1)}) is {n.Input(1)} with transB {n.Get(TransB)}");
        if (n.HasInput(2)) CheckC(n, n.Input(2), m, columns);
        return [new TensorType(n.Input(0).ElementType, [m, columns])];
    }

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => Plain(n).Evaluate(n, x);

    public override bool TakesEpilogue(NodeContext n) => n.Input(0).ElementType is ElementType.Float32;

    public override Step Lower(NodeContext n, LoweringContext plan)
    {
        if (n.Input(0).ElementType != ElementType.Float32) return Plain(n).ToStep(n, plan);
        return MatrixSteps.Lower(n, plan, Geometry(n), Factors(n), n.InputCount > 2 ? plan.Input(2) : Slot.None);
    }

    public override NodeCost Cost(NodeContext n)
    {
        var inner = Sides(n.Input(0), n.Get(TransA) != 0).Columns;
        return new NodeCost(n.Output(0).IsStatic && inner.IsKnown ? checked(n.OutputShape(0).ElementCount * inner.Value) : null);
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        // From 7 on C is spread without being asked; what an older node allowed without the attribute, equal shapes, stays as it is.
        if (n.Opset < 7 && lift.TargetOpset >= 7) return [n.Node with { Attributes = n.Node.Attributes.Where(a => a.Name != Broadcast.Name).ToValueList() }];
        return base.Lift(n, lift);
    }

    public override void Gradient(GradientContext g)
    {
        bool transA = g.N.Get(TransA) != 0, transB = g.N.Get(TransB) != 0;
        float alpha = g.N.Get(Alpha), beta = g.N.Get(Beta);
        string dy = g.Gradient;
        NodeAttribute[] Product(bool left, bool right) => [new(Alpha.Name, new AttributeValue.Float(alpha)), new(TransA.Name, new AttributeValue.Int(left ? 1 : 0)), new(TransB.Name, new AttributeValue.Int(right ? 1 : 0))];
        if (g.IsWanted(0)) g.Accumulate(0, transA ? g.Node("Gemm", [g.Input(1), dy], Product(transB, true)) : g.Node("Gemm", [dy, g.Input(1)], Product(false, !transB)));
        if (g.IsWanted(1)) g.Accumulate(1, transB ? g.Node("Gemm", [dy, g.Input(0)], Product(true, transA)) : g.Node("Gemm", [g.Input(0), dy], Product(!transA, false)));
        if (g.IsWanted(2)) g.AccumulateSpread(2, beta == 1 ? dy : g.Node("Mul", [dy, g.Scalar(beta)]));
    }

    // Rows and columns of a matrix after its transposition.
    private static (Dim Rows, Dim Columns) Sides(TensorType matrix, bool transposed, bool swap = false) => transposed != swap ? (matrix[1], matrix[0]) : (matrix[0], matrix[1]);

    private static void CheckC(NodeContext n, TensorType c, Dim m, Dim columns)
    {
        string expected = $"C ({Shown(n, 2)}) is {c}, which does not spread over [{m}, {columns}]";
        n.Require(c.Rank <= 2, expected);
        if (n.Version < 7 && n.Get(Broadcast) == 0)
        {
            n.Require(c.Rank == 2 && c[0].MayEqual(m) && c[1].MayEqual(columns), $"C ({Shown(n, 2)}) is {c}, expected [{m}, {columns}] where attribute 'broadcast' is not set");
            return;
        }
        Dim[] y = [m, columns];
        for (int a = 0; a < c.Rank; a++)
        {
            var length = c[c.Rank - 1 - a];
            n.Require(length.MayEqual(1) || length.MayEqual(y[1 - a]), expected);
        }
    }

    private static MatrixGeometry Geometry(NodeContext n)
    {
        Shape a = n.InputShape(0), b = n.InputShape(1), y = n.OutputShape(0);
        bool transA = n.Get(TransA) != 0, transB = n.Get(TransB) != 0;
        return new MatrixGeometry
        {
            M = checked((int)y[0]),
            N = checked((int)y[1]),
            K = checked((int)a[transA ? 0 : 1]),
            ARow = transA ? 1 : (nint)a[1],
            AColumn = transA ? (nint)a[1] : 1,
            BRow = transB ? 1 : (nint)b[1],
            BColumn = transB ? (nint)b[1] : 1,
        };
    }

    private static Affine Factors(NodeContext n)
    {
        float alpha = n.Get(Alpha), beta = n.Get(Beta);
        if (!n.HasInput(2)) return new Affine(alpha, beta, 0, 0);
        var c = n.InputShape(2);
        nint columns = c.Rank == 0 ? 1 : (nint)c[c.Rank - 1], rows = c.Rank == 2 ? (nint)c[0] : 1;
        return new Affine(alpha, beta, rows == 1 ? 0 : columns, columns == 1 ? 0 : 1);
    }

    private static PlainKernel Plain(NodeContext n) => MatrixSteps.Plain(n.Input(0).ElementType, Geometry(n), Factors(n));

    private static string Shown(NodeContext n, int input) => $"'{Core.DisplayText.Escape(n.Node.Inputs[input])}'";
}
