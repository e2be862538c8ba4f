namespace ConvTransfer.Engine.Resampling;

/// <summary>How a value between samples is found.</summary>
internal enum ResizeMode
{
    Nearest,
    Linear,
    Cubic,
}

/// <summary>How an output position is carried back to the input: ONNX Resize-19's coordinate_transformation_mode, and the one of Resize-11 that was dropped later.</summary>
internal enum CoordinateMode
{
    HalfPixel,
    HalfPixelSymmetric,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
    TfHalfPixelForNearest,
    TfCropAndResize,
}

/// <summary>How <see cref="ResizeMode.Nearest"/> chooses a sample.</summary>
internal enum NearestRounding
{
    RoundPreferFloor,
    RoundPreferCeil,
    Floor,
    Ceil,

    /// <summary>Upsample and Resize-10, which state no rounding: down when the axis grows, up when it shrinks, as ONNX Runtime 1.31.1 does.</summary>
    Simple,
}

/// <summary>What the attributes of ONNX Resize (10 to 19) and Upsample say, sizes left out.</summary>
internal sealed record ResizeSettings
{
    /// <summary>The interpolation.</summary>
    public ResizeMode Mode { get; init; } = ResizeMode.Nearest;

    /// <summary>The mapping of positions.</summary>
    public CoordinateMode Coordinates { get; init; } = CoordinateMode.HalfPixel;

    /// <summary>The rounding of nearest.</summary>
    public NearestRounding Nearest { get; init; } = NearestRounding.RoundPreferFloor;

    /// <summary>The cubic kernel's parameter a (Keys 1981).</summary>
    public float CubicA { get; init; } = -0.75f;

    /// <summary>Samples outside the input get weight 0 and the others are normalised; otherwise the edge sample stands for them.</summary>
    public bool ExcludeOutside { get; init; }

    /// <summary>Linear and cubic kernels are stretched by the scale where the axis shrinks.</summary>
    public bool Antialias { get; init; }

    /// <summary>The value of output positions outside the region of interest's input (<see cref="CoordinateMode.TfCropAndResize"/> only).</summary>
    public float ExtrapolationValue { get; init; }
}
