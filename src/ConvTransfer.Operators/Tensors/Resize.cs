using ConvTransfer.Engine.Resampling;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The tensor with other lengths of its axes: the nearest elements, or interpolated ones.</summary>
/// <remarks>
/// Source: ONNX Resize-10 (scales only, asymmetric), -11, -13, -18 (axes, antialias, policies), -19 (half_pixel_symmetric). The numbers are <see cref="GeneralResize"/>'s;
/// 8-bit pictures with antialias are <see cref="UInt8Resample"/>'s, where ONNX Runtime has a filter of its own too.
/// </remarks>
internal sealed class Resize : PlainOperator
{
    private static readonly TypeVariable T1 = new("T1", TypeVariable.NumbersAndBool);
    private static readonly TypeVariable Scales = new("tensor(float)", [ElementType.Float32]);
    private static readonly StringAttribute Mode10 = new("mode", "nearest", "nearest", "linear", "bilinear") { Until = 10 };
    private static readonly StringAttribute Mode = new("mode", "nearest", "nearest", "linear", "cubic") { Since = 11 };
    private static readonly StringAttribute Coordinates = new("coordinate_transformation_mode", "half_pixel", "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize") { Since = 11 };
    private static readonly StringAttribute NearestMode = new("nearest_mode", "round_prefer_floor", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil") { Since = 11 };
    private static readonly FloatAttribute CubicA = new("cubic_coeff_a", -0.75f) { Since = 11 };
    private static readonly IntAttribute ExcludeOutside = new("exclude_outside") { Since = 11 };
    private static readonly FloatAttribute Extrapolation = new("extrapolation_value") { Since = 11 };
    private static readonly IntAttribute Antialias = new("antialias") { Since = 18 };
    private static readonly IntsAttribute Axes = new("axes") { Since = 18 };
    private static readonly StringAttribute Policy = new("keep_aspect_ratio_policy", "stretch", "stretch", "not_larger", "not_smaller") { Since = 18 };

    public override OperatorSchema Schema { get; } = new("Resize", since: [10, 11, 13, 18, 19])
    {
        Breaking = [11],
        Inputs =
        [
            new("X", T1),
            new("scales", Scales) { Until = 10, DecidesShape = true },
            new("roi", new("T2", TypeVariable.Floats), Presence.Optional) { Since = 11, DecidesShape = true },
            new("scales", Scales, Presence.Optional) { Since = 11, DecidesShape = true },
            new("sizes", new("tensor(int64)", [ElementType.Int64]), Presence.Optional) { Since = 11, DecidesShape = true },
        ],
        Outputs = [new("Y", T1)],
        Attributes = [Mode10, Mode, Coordinates, NearestMode, CubicA, ExcludeOutside, Extrapolation, Antialias, Axes, Policy],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var settings = Settings(n);
        ResizeKernel.CheckType(n, settings.Mode);
        n.Require(!settings.Antialias || settings.Mode != ResizeMode.Nearest, "antialias is for linear and cubic, not for nearest");
        if (n.Version >= 11 && settings.Coordinates == CoordinateMode.TfCropAndResize) n.Require(n.HasInput(1), "tf_crop_and_resize needs the input roi");
        return [n.Input(0) with { Dims = Sizing(n).Lengths().ToValueList() }];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version != 10 || lift.TargetOpset < 11) return base.Lift(n, lift);
        return [ResizeLift.ToResize(n, lift, n.Node.Inputs[1], linear: n.Get(Mode10) != "nearest", n.ConstantFloats(1))];
    }

    // The taps of each axis backward: every mode is a sum of weighted elements.
    public override void Gradient(GradientContext g)
    {
        Shape x = g.N.InputShape(0), y = g.N.OutputShape(0);
        var sizing = Sizing(g.N);
        var resize = new GeneralResize(Settings(g.N), x.Dims, y.Dims, sizing.KernelScales(y), sizing.Region());
        if (resize.IsEmpty) return;
        string dx = g.Gradient;
        for (int axis = 0; axis < x.Rank; axis++)
        {
            if (resize.Taps[axis] is not { } taps || (taps.IsIdentity && taps.Outside is null)) continue;
            var each = Enumerable.Range(0, taps.OutputLength).Where(i => taps.Outside?[i] != true).SelectMany(i => Enumerable.Range(0, taps.Count[i]).Select(k => (From: (long)i, To: (long)taps.First[i] + k, Weight: taps.Weights[(i * taps.Window) + k]))).ToArray();
            if (each.Length == 0) return;
            string weights = g.Constant(TensorData.From<float>("", [each.Length], each.Select(t => t.Weight).ToArray()));
            dx = AxisScatter.Emit(g, dx, axis, x[axis], g.Integers([.. each.Select(t => t.To)]), g.Integers([.. each.Select(t => t.From)]), weights);
        }
        g.Accumulate(0, dx);
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var sizing = Sizing(n);
        return ResizeKernel.Of(n.Input(0).ElementType, Settings(n), n.InputShape(0), n.OutputShape(0), sizing.KernelScales(n.OutputShape(0)), sizing.Region());
    }

    private static ResizeSizing Sizing(NodeContext n) => n.Version == 10
        ? new ResizeSizing(n, null, ResizeSizing.Stretch, scalesInput: 1, sizesInput: -1, roiInput: -1)
        : new ResizeSizing(n, n.Get(Axes), n.Get(Policy), scalesInput: 2, sizesInput: 3, roiInput: 1);

    private static ResizeSettings Settings(NodeContext n)
    {
        if (n.Version == 10)
            return new ResizeSettings { Mode = n.Get(Mode10) == "nearest" ? ResizeMode.Nearest : ResizeMode.Linear, Coordinates = CoordinateMode.Asymmetric, Nearest = NearestRounding.Simple };
        return new ResizeSettings
        {
            Mode = n.Get(Mode) switch { "nearest" => ResizeMode.Nearest, "linear" => ResizeMode.Linear, _ => ResizeMode.Cubic },
            Coordinates = n.Get(Coordinates) switch
            {
                "half_pixel" => CoordinateMode.HalfPixel,
                "half_pixel_symmetric" => CoordinateMode.HalfPixelSymmetric,
                "pytorch_half_pixel" => CoordinateMode.PytorchHalfPixel,
                "align_corners" => CoordinateMode.AlignCorners,
                "asymmetric" => CoordinateMode.Asymmetric,
                "tf_half_pixel_for_nn" => CoordinateMode.TfHalfPixelForNearest,
                _ => CoordinateMode.TfCropAndResize,
            },
            Nearest = n.Get(NearestMode) switch
            {
                "round_prefer_floor" => NearestRounding.RoundPreferFloor,
                "round_prefer_ceil" => NearestRounding.RoundPreferCeil,
                "floor" => NearestRounding.Floor,
                _ => NearestRounding.Ceil,
            },
            CubicA = n.Get(CubicA),
            ExcludeOutside = n.Get(ExcludeOutside) != 0,
            Antialias = n.Get(Antialias) != 0,
            ExtrapolationValue = n.Get(Extrapolation),
        };
    }
}
