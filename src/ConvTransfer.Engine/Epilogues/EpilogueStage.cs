namespace ConvTransfer.Engine.Epilogues;

/// <summary>One stage of an epilogue, as data.</summary>
/// <param name="Kind">What the stage does.</param>
internal sealed record EpilogueStage(EpilogueKind Kind)
{
    /// <summary>For <see cref="EpilogueKind.ScaleShift"/>: a factor for each channel, axis 1 of the output.</summary>
    public float[] Scale { get; init; } = [];

    /// <summary>For <see cref="EpilogueKind.ScaleShift"/>: a summand for each channel.</summary>
    public float[] Shift { get; init; } = [];

    /// <summary>For <see cref="EpilogueKind.Clip"/>: the least result.</summary>
    public float Minimum { get; init; } = float.NegativeInfinity;

    /// <summary>For <see cref="EpilogueKind.Clip"/>: the greatest result.</summary>
    public float Maximum { get; init; } = float.PositiveInfinity;

    /// <summary>For <see cref="EpilogueKind.LeakyRelu"/>: the factor below 0.</summary>
    public float Slope { get; init; }

    /// <summary>Relu: negative numbers become 0; -0 and NaN stay.</summary>
    public static EpilogueStage Relu { get; } = new(EpilogueKind.Clip) { Minimum = 0 };
}
