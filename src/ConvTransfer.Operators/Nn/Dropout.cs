using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Hands its input on: nothing is dropped when a network is not trained. The mask, where it is asked for, is all true.</summary>
/// <remarks>Source: ONNX Dropout-1, -6 (is_test), -7, -10 (bool mask), -12 (ratio and training_mode as inputs), -13, -22. The training form is refused.</remarks>
internal sealed class Dropout : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly TypeVariable T1 = new("T1", TypeVariable.Floats);
    private static readonly TypeVariable Bool = new("T2", [ElementType.Bool]);
    private static readonly FloatAttribute Ratio = new("ratio", 0.5f) { Until = 10 };
    private static readonly IntAttribute IsTest = new("is_test") { Until = 6 };
    private static readonly IntAttribute Seed = new("seed") { Since = 12 };

    public override OperatorSchema Schema { get; } = new("Dropout", since: [1, 6, 7, 10, 12, 13, 22])
    {
        Inputs = [new("data", T), new("ratio", T1, Presence.Optional) { Since = 12 }, new("training_mode", Bool, Presence.Optional) { Since = 12, DecidesShape = true }],
        Outputs = [new("output", T), new("mask", T, Presence.Optional) { Until = 7 }, new("mask", Bool, Presence.Optional) { Since = 10 }],
        Attributes = [Ratio, IsTest, Seed, LegacyAxis.ConsumedInputs],
        Breaking = [7, 12],
    };

    public override OperatorRole Role => OperatorRole.Passthrough;

    public override TensorType[] InferTypes(NodeContext n)
    {
        if (n.Version < 7 && n.Get(IsTest) == 0) throw n.Unsupported("the training form (is_test = 0) is not supported; export the model for inference");
        for (int i = 1; i < n.InputCount; i++)
            n.Require(!n.HasInput(i) || n.Input(i).Dims!.Value.All(d => d.MayEqual(1)), $"input '{Core.DisplayText.Escape(n.Node.Inputs[i])}' is {n.Input(i)}, expected a scalar");
        if (n.HasInput(2) && n.Constant(2) is { ElementCount: 1 } mode && mode.AsSpan<bool>()[0]) throw Training(n);
        var mask = n.Input(0) with { ElementType = n.Version < 10 ? n.Input(0).ElementType : ElementType.Bool };
        return n.OutputCount > 1 ? [n.Input(0), mask] : [n.Input(0)];
    }

    public override Step Lower(NodeContext n, LoweringContext plan) => n.HasInput(2) && n.Constant(2) is null ? throw Training(n) : plan.IsWanted(1) ? base.Lower(n, plan) : LoweringContext.Alias();

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 12 || lift.TargetOpset < 12) return base.Lift(n, lift);
        if (n.HasOutput(1) && n.Version < 10) throw n.Unsupported("its mask is a number; from opset 10 on it is a truth value");
        // The ratio, which only a training needs, became an input.
        var node = n.Node.Attribute(Ratio.Name) is null ? n.Node : n.Node with { Inputs = [n.Node.Inputs[0], lift.Constant("ratio", TensorData.From<float>("", [], [n.Get(Ratio)]))] };
        return LegacyAttributes.Without([node], lift, Ratio, IsTest, LegacyAxis.ConsumedInputs);
    }

    public override void Gradient(GradientContext g)
    {
        if (g.OutputGradient(0) is { } dy) g.Accumulate(0, dy);
    }

    private static Core.ConvTransferException Training(NodeContext n) => n.Unsupported("the training form (training_mode not constantly false) is not supported; export the model for inference");

    protected override PlainKernel Prepare(NodeContext n) => new Kernel(n.InputShape(0).ElementCount, n.Input(0).ElementType, n.HasOutput(1) ? n.Output(1).ElementType : ElementType.Undefined);

    private sealed unsafe class Kernel(long count, ElementType type, ElementType mask) : PlainKernel
    {
        public override void Run(in PlainRun run)
        {
            long bytes = count * type.SizeInBytes();
            Buffer.MemoryCopy(run.Input<byte>(0), run.Output<byte>(0), bytes, bytes);
            switch (mask)
            {
                case ElementType.Bool: Fill<byte>(run, 1); break;
                case ElementType.Float16: Fill(run, (Half)1); break;
                case ElementType.Float32: Fill(run, 1f); break;
                case ElementType.Float64: Fill(run, 1d); break;
            }
        }

        private void Fill<TElement>(in PlainRun run, TElement value) where TElement : unmanaged
        {
            TElement* to = run.Output<TElement>(1);
            for (long i = 0; i < count; i++) to[i] = value;
        }
    }
}
