namespace ConvTransfer.Engine.Resampling;

/// <summary>Carries positions of a resized axis back to the input axis.</summary>
/// <remarks>Source: ONNX Resize-19 (Resize-11 for tf_half_pixel_for_nn), in float32 as ONNX Runtime 1.31.1 computes it, but for align_corners with a fraction of an output.</remarks>
internal readonly struct AxisMap(CoordinateMode mode, int inputLength, int outputLength, float scale, float roiStart, float roiEnd)
{
    /// <summary>Samples of the input axis.</summary>
    public int InputLength => inputLength;

    /// <summary>Output over input spacing, as the operator gives it.</summary>
    public float Scale => scale;

    /// <summary>The position on the input axis, in samples from the centre of the first one; it may lie outside.</summary>
    public float Original(int position)
    {
        float x = position;
        switch (mode)
        {
            case CoordinateMode.HalfPixel:
                return ((x + 0.5f) / scale) - 0.5f;
            case CoordinateMode.HalfPixelSymmetric:
                // The true output length is a fraction; the part that was cut off is shared by both ends.
                float adjustment = outputLength / (scale * inputLength), center = inputLength / 2f;
                // The yardstick takes this one step in double, which decides nearest at exact halves.
                return (float)((center * (1 - adjustment)) + ((x + 0.5) / scale) - 0.5);
            case CoordinateMode.PytorchHalfPixel:
                return outputLength > 1 ? ((x + 0.5f) / scale) - 0.5f : 0;
            case CoordinateMode.AlignCorners:
                return outputLength == 1 ? 0 : x * (inputLength - 1) / (TrueLength() - 1);
            case CoordinateMode.Asymmetric:
                return x / scale;
            case CoordinateMode.TfHalfPixelForNearest:
                return (x + 0.5f) / scale;
            default:
                return outputLength > 1
                    ? (roiStart * (inputLength - 1)) + (x * (roiEnd - roiStart) * (inputLength - 1) / (outputLength - 1))
                    : 0.5f * (roiStart + roiEnd) * (inputLength - 1);
        }
    }

    // The ONNX cases decide: with a factor that does not divide, the corners lie a fraction of a sample beyond the last output. (ONNX Runtime takes the length that was cut off.)
    private float TrueLength()
    {
        float length = scale * inputLength;
        return MathF.Abs(length - outputLength) <= 1e-5f * outputLength ? outputLength : length;
    }
}
