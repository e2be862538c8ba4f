using ConvTransfer.Engine.Resampling;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The tensor enlarged by scales: the nearest elements towards the front, or linearly interpolated ones.</summary>
/// <remarks>Source: ONNX Upsample-7 (scales as an attribute), -9 (as an input); replaced by Resize in opset 10.</remarks>
internal sealed class Upsample : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.NumbersAndBool);
    private static readonly StringAttribute Mode = new("mode", "nearest", "nearest", "linear", "bilinear");
    private static readonly FloatsAttribute Scales = new("scales") { Required = true, Until = 8 };

    public override OperatorSchema Schema { get; } = new("Upsample", since: [7, 9])
    {
        RemovedIn = 10,
        Breaking = [9],
        Inputs = [new("X", T), new("scales", new("tensor(float)", [ElementType.Float32])) { Since = 9, DecidesShape = true }],
        Outputs = [new("Y", T)],
        Attributes = [Mode, Scales],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        ResizeKernel.CheckType(n, n.Get(Mode) == "nearest" ? ResizeMode.Nearest : ResizeMode.Linear);
        foreach (float scale in Factors(n) ?? []) n.Require(scale >= 1, $"scale {scale} is below 1");
        return [n.Input(0) with { Dims = Sizing(n).Lengths().ToValueList() }];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (lift.TargetOpset < 9 || (n.Version == 9 && lift.TargetOpset < 10)) return base.Lift(n, lift);
        float[]? factors = Factors(n);
        string scales = n.Version == 9 ? n.Node.Inputs[1] : lift.Constant("scales", TensorData.From<float>("", [factors!.Length], factors));
        bool linear = n.Get(Mode) != "nearest";
        if (lift.TargetOpset < 11) return [n.Node with { OpType = lift.TargetOpset < 10 ? "Upsample" : "Resize", Inputs = [n.Node.Inputs[0], scales], Attributes = n.Node.Attributes.Where(a => a.Name == Mode.Name).ToValueList() }];
        return [ResizeLift.ToResize(n, lift, scales, linear, factors)];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var settings = new ResizeSettings { Mode = n.Get(Mode) == "nearest" ? ResizeMode.Nearest : ResizeMode.Linear, Coordinates = CoordinateMode.Asymmetric, Nearest = NearestRounding.Simple };
        return ResizeKernel.Of(n.Input(0).ElementType, settings, n.InputShape(0), n.OutputShape(0), Factors(n), []);
    }

    private static float[]? Factors(NodeContext n) => n.Version < 9 ? n.Get(Scales) : n.ConstantFloats(1);

    private static ResizeSizing Sizing(NodeContext n) => new(n, null, ResizeSizing.Stretch, scalesInput: n.Version < 9 ? -1 : 1, sizesInput: -1, roiInput: -1) { GivenScales = n.Version < 9 ? n.Get(Scales) : null };
}
