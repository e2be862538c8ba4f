namespace ConvTransfer.Engine.Epilogues;

/// <summary>What may follow a sum before it is stored: the whole set.</summary>
internal enum EpilogueKind
{
    /// <summary>y = x · scale[channel] + shift[channel], one fused multiplication with addition.</summary>
    ScaleShift,

    /// <summary>y = x + residual, element by element.</summary>
    Add,

    /// <summary>y = x below Minimum ? Minimum : x above Maximum ? Maximum : x. NaN stays NaN. Relu is the clip from 0 to infinity.</summary>
    Clip,

    /// <summary>y = x below 0 ? x · Slope : x.</summary>
    LeakyRelu,
}
