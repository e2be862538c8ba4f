using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Convolution;

/// <summary>A planned gradient of a float32 convolution by its input, which is also the transposed convolution. Immutable; shared by all sessions.</summary>
internal abstract unsafe class F32ConvolutionInputGradient
{
    /// <summary>Plans the gradient.</summary>
    /// <param name="g">The geometry of the convolution itself: dY has the shape of its output, dX that of its input.</param>
    /// <param name="width">The vectors' width.</param>
    public static F32ConvolutionInputGradient Create(ConvolutionGeometry g, VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => new PhasedInputGradient<F32x16>(g, width),
        VectorWidth.Bits256 => new PhasedInputGradient<F32x8>(g, width),
        _ => new PhasedInputGradient<F32x4>(g, width),
    };

    /// <summary>Working memory in bytes for a crew of a size.</summary>
    public abstract long ScratchBytes(int crew);

    /// <summary>Computes dX; it must not overlap the others.</summary>
    /// <param name="dy">[batch, filters, output…].</param>
    /// <param name="w">[filters, channels / groups, kernel…].</param>
    /// <param name="dx">[batch, channels, input…].</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, 64-byte aligned.</param>
    /// <param name="crew">The threads.</param>
    public abstract void Run(float* dy, float* w, float* dx, byte* scratch, Crew crew);
}
