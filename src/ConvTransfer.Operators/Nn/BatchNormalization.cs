using System.Numerics;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>
/// Y = (X - mean) / sqrt(variance + epsilon) · scale + shift for each channel: with the running statistics, or in training_mode with the batch's,
/// which then move the running ones: new = running · momentum + batch · (1 - momentum), the variance being divided by the number of elements.
/// </summary>
/// <remarks>
/// Source: ONNX BatchNormalization-1, -6 (is_test), -7, -9 (no spatial), -14 (training_mode; a type of their own for the statistics), -15 (one for scale and B); Ioffe and Szegedy 2015.
/// The training forms before 14 are refused: they leave open how the variance counts. With spatial = 0 (until 7) every position has statistics of its own.
/// On float32 with constant statistics it is one multiplication with addition, whose factors are computed in double.
/// </remarks>
internal sealed class BatchNormalization : StageOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly TypeVariable T1 = new("T1", TypeVariable.Floats);
    private static readonly TypeVariable T2 = new("T2", TypeVariable.Floats);
    private static readonly FloatAttribute Epsilon = new("epsilon", 1e-5f);
    private static readonly FloatAttribute Momentum = new("momentum", 0.9f);
    private static readonly IntAttribute IsTest = new("is_test") { Until = 6 };
    private static readonly IntAttribute Spatial = new("spatial", 1) { Until = 8 };
    private static readonly IntAttribute TrainingMode = new("training_mode") { Since = 14 };

    public override OperatorSchema Schema { get; } = new("BatchNormalization", since: [1, 6, 7, 9, 14, 15])
    {
        Inputs = [new("X", T), new("scale", T1), new("B", T1), new("input_mean", T2), new("input_var", T2)],
        Outputs =
        [
            new("Y", T), new("running_mean", T2, Presence.Optional), new("running_var", T2, Presence.Optional),
            new("saved_mean", T2, Presence.Optional) { Until = 9 }, new("saved_var", T2, Presence.Optional) { Until = 9 },
        ],
        Attributes = [Epsilon, Momentum, IsTest, Spatial, TrainingMode, LegacyAxis.ConsumedInputs],
        Breaking = [7, 9, 14],
    };

    public override OperatorRole Role => OperatorRole.Arithmetic;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        bool spatial = n.Get(Spatial) != 0;
        n.Require(x.Rank >= (spatial ? 1 : 2), $"input X is {x}, expected [N, C, …]");
        Dim channels = x.Rank == 1 ? 1 : x[1];
        for (int i = 1; i < 5; i++)
        {
            var parameter = n.Input(i);
            string name = $"input '{Core.DisplayText.Escape(n.Node.Inputs[i])}' is {parameter}";
            if (n.Version < 14) n.Require(parameter.ElementType == x.ElementType, $"{name}, X is {x}; before opset 14 all inputs are of one type");
            else if (n.Version < 15 && i < 3) n.Require(parameter.ElementType == x.ElementType, $"{name}, X is {x}; before opset 15 scale and B are of X's type");
            if (!spatial) n.Require(parameter.Rank == x.Rank - 1 && Enumerable.Range(0, parameter.Rank).All(a => parameter[a].MayEqual(x[a + 1])), $"{name}, expected a number for each element of an image of X, {x}");
            else n.Require(parameter.Rank == 1 && parameter[0].MayEqual(channels), $"{name}, expected one number for each of the {channels} channels of X");
        }
        long mode = n.Get(TrainingMode);
        n.Require(mode is 0 or 1, $"attribute 'training_mode' is {mode}, expected 0 or 1");
        if (n.Version < 7 && n.Get(IsTest) == 0) throw n.Unsupported("the training form (batch statistics) is supported from opset 14 on; export the model for inference");
        bool more = Enumerable.Range(1, System.Math.Max(0, n.OutputCount - 1)).Any(n.HasOutput);
        if (more && n.Version < 14) throw n.Unsupported("outputs beside Y belong to the training form, which is supported from opset 14 on");
        n.Require(!more || IsTraining(n), "outputs beside Y exist only where attribute 'training_mode' is 1");
        return [x, .. Enumerable.Range(1, System.Math.Max(0, n.OutputCount - 1)).Select(_ => new TensorType(n.Input(3).ElementType, [channels]))];
    }

    public override NodeCost Cost(NodeContext n) => new(n.Input(0).IsStatic ? n.InputShape(0).ElementCount : null);

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 14 || lift.TargetOpset < 14) return n.Version == Schema.VersionIn(lift.TargetOpset) || n.Version >= 14 ? [n.Node] : base.Lift(n, lift);
        if (n.Get(Spatial) == 0) throw n.Unsupported("statistics for each position (spatial = 0) cannot be expressed in a newer opset");
        var node = LegacyAttributes.Without([n.Node], lift, IsTest, Spatial, LegacyAxis.ConsumedInputs)[0];
        return [node with { Outputs = [node.Outputs[0]] }];
    }

    /// <summary>True where a node works with the statistics of its batch.</summary>
    internal static bool IsTraining(NodeContext n) => n.Get(TrainingMode) != 0;

    public override Step Lower(NodeContext n, LoweringContext plan)
    {
        if (!IsTraining(n) || Enumerable.Range(0, 5).Any(i => n.Input(i).ElementType != ElementType.Float32)) return base.Lower(n, plan);
        var (images, channels, positions) = Layout(n);
        return new F32TrainingKernel(new(F32BatchNormalization.Create(images, channels, positions, n.Get(Epsilon), VectorWidths.Best), checked((int)channels), n.Get(Momentum))).ToStep(n, plan);
    }

    public override void Gradient(GradientContext g)
    {
        if (IsTraining(g.N)) TrainingGradient(g);
        else InferenceGradient(g);
    }

    private static void InferenceGradient(GradientContext g)
    {
        if (g.IsWanted(3) || g.IsWanted(4)) throw g.N.Unsupported("running statistics are not trained by gradients");
        Emit(g, g.Gradient, OfX(g, 3), OfX(g, 4), new NodeAttribute(BatchNormalizationGradient.FrozenStatistics.Name, new AttributeValue.Int(1)));
    }

    // As the internal operator has it, which also tells the batch's own statistics: those handed out hold the running ones too.
    private static void TrainingGradient(GradientContext g)
    {
        if (g.OutputGradient(1) is not null || g.OutputGradient(2) is not null) throw g.N.Unsupported("the running statistics have no gradient of their own");
        if (g.OutputGradient(0) is not { } dy) return;
        string[] forward = g.Nodes(BatchStatisticsNormalization.Name, [Rows(g, g.Input(0)), OfX(g, 1), OfX(g, 2)], 3, [EpsilonOf(g)], GradientOperators.Domain);
        Emit(g, dy, forward[1], forward[2]);
    }

    // The internal operators know [N, C, …] of one type: a vector of N is [N, 1] to them, and what is of another type takes X's.
    private static void Emit(GradientContext g, string dy, string mean, string variance, params NodeAttribute[] more)
    {
        bool[] wanted = [.. Enumerable.Range(0, 3).Select(g.IsWanted)];
        string[] gradients = g.Nodes(BatchNormalizationGradient.Name, [Rows(g, dy), Rows(g, g.Input(0)), OfX(g, 1), mean, variance], 3, [EpsilonOf(g), .. more], GradientOperators.Domain);
        if (wanted[0]) g.Accumulate(0, g.N.Input(0).Rank == 1 ? g.Reshaped(gradients[0], g.N.InputShape(0)) : gradients[0]);
        for (int i = 1; i < 3; i++)
            if (wanted[i]) g.Accumulate(i, IsOfX(g, i) ? gradients[i] : g.Node("CastLike", [gradients[i], g.Input(i)]));
    }

    private static NodeAttribute EpsilonOf(GradientContext g) => new(BatchStatisticsNormalization.Epsilon.Name, new AttributeValue.Float(g.N.Get(Epsilon)));

    private static string Rows(GradientContext g, string value) => g.N.Input(0).Rank == 1 ? g.Reshaped(value, new Shape([g.N.InputShape(0)[0], 1])) : value;

    private static bool IsOfX(GradientContext g, int input) => g.N.Input(input).ElementType == g.N.Input(0).ElementType;

    private static string OfX(GradientContext g, int input) => IsOfX(g, input) ? g.Input(input) : g.Node("CastLike", [g.Input(input), g.Input(0)]);

    protected override EpilogueStage? Stage(NodeContext n)
    {
        var x = n.Input(0);
        if (IsTraining(n) || x.Rank < 2 || n.Get(Spatial) == 0) return null;
        var parameters = new float[4][];
        for (int i = 0; i < 4; i++)
        {
            if (n.Constant(i + 1) is not { ElementType: ElementType.Float32 } tensor) return null;
            parameters[i] = tensor.AsSpan<float>().ToArray();
        }
        float[] scale = new float[parameters[0].Length], shift = new float[scale.Length];
        for (int c = 0; c < scale.Length; c++)
        {
            double factor = parameters[0][c] / System.Math.Sqrt((double)parameters[3][c] + n.Get(Epsilon));
            scale[c] = (float)factor;
            shift[c] = (float)(parameters[1][c] - (parameters[2][c] * factor));
        }
        return new EpilogueStage(EpilogueKind.ScaleShift) { Scale = scale, Shift = shift };
    }

    private static (nint Images, nint Channels, nint Positions) Layout(NodeContext n)
    {
        var x = n.InputShape(0);
        if (x.Rank == 1) return ((nint)x[0], 1, 1);
        return n.Get(Spatial) != 0 ? ((nint)x[0], (nint)x[1], (nint)x.Product(2, x.Rank)) : ((nint)x[0], (nint)x.Product(1, x.Rank), 1);
    }

    protected override PlainKernel Prepare(NodeContext n) => NumberDispatch.Make<PlainKernel, MakerOfX>(n.Input(0).ElementType, new MakerOfX(n));

    private readonly struct MakerOfX(NodeContext n) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<TX>() where TX : unmanaged, INumber<TX>, IMinMaxValue<TX> => NumberDispatch.Make<PlainKernel, OfScale<TX>>(n.Input(1).ElementType, new(n));
    }

    private readonly struct OfScale<TX>(NodeContext n) : INumberMaker<PlainKernel> where TX : unmanaged, INumber<TX>
    {
        public PlainKernel Make<TScale>() where TScale : unmanaged, INumber<TScale>, IMinMaxValue<TScale> => NumberDispatch.Make<PlainKernel, OfStatistics<TX, TScale>>(n.Input(3).ElementType, new(n));
    }

    private readonly struct OfStatistics<TX, TScale>(NodeContext n) : INumberMaker<PlainKernel> where TX : unmanaged, INumber<TX> where TScale : unmanaged, INumber<TScale>
    {
        public PlainKernel Make<TStatistics>() where TStatistics : unmanaged, INumber<TStatistics>, IMinMaxValue<TStatistics>
        {
            var (images, channels, positions) = Layout(n);
            return IsTraining(n)
                ? new TrainingKernel<TX, TScale, TStatistics>(new(images, channels, positions, n.Get(Epsilon), n.Get(Momentum)))
                : new Kernel<TX, TScale, TStatistics>(new(images, channels, positions, n.Get(Epsilon)));
        }
    }

    private sealed unsafe class Kernel<TX, TScale, TStatistics>(ChannelNormalization<TX, TScale, TStatistics> work) : PlainKernel
        where TX : unmanaged, INumber<TX> where TScale : unmanaged, INumber<TScale> where TStatistics : unmanaged, INumber<TStatistics>
    {
        public override void Run(in PlainRun run) =>
            work.Run(run.Input<TX>(0), run.Input<TScale>(1), run.Input<TScale>(2), run.Input<TStatistics>(3), run.Input<TStatistics>(4), run.Output<TX>(0), run.Crew);
    }

    private sealed unsafe class TrainingKernel<TX, TScale, TStatistics>(TrainingNormalization<TX, TScale, TStatistics> work) : PlainKernel
        where TX : unmanaged, INumber<TX> where TScale : unmanaged, INumber<TScale> where TStatistics : unmanaged, INumber<TStatistics>
    {
        public override void Run(in PlainRun run) => work.Run(Operands<TX, TScale, TStatistics>(run), run.Crew);
    }

    private sealed unsafe class F32TrainingKernel(F32TrainingNormalization work) : PlainKernel
    {
        public override long ScratchBytes(int crew) => work.ScratchBytes;

        public override void Run(in PlainRun run) => work.Run(Operands<float, float, float>(run), run.Scratch, run.Crew);
    }

    private static unsafe TrainingOperands<TX, TScale, TStatistics> Operands<TX, TScale, TStatistics>(in PlainRun run) where TX : unmanaged where TScale : unmanaged where TStatistics : unmanaged => new()
    {
        X = run.Input<TX>(0),
        Scale = run.Input<TScale>(1),
        Shift = run.Input<TScale>(2),
        Mean = run.Input<TStatistics>(3),
        Variance = run.Input<TStatistics>(4),
        Y = run.Output<TX>(0),
        NewMean = run.Output<TStatistics>(1),
        NewVariance = run.Output<TStatistics>(2),
    };
}
