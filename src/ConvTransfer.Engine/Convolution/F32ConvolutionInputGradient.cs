using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Convolution;

/// <summary>A planned gradient of a float32 convolution by its input, which is also the transposed convolution. Immutable; shared by all sessions.</summary>
internal abstract unsafe class F32ConvolutionInputGradient
{
    // Every phase of the strides is a convolution with a plan of its own. More of them than this have a tap or none each, and their plans cost more than the sums.
    private const long MostPhases = 64;

    /// <summary>True where a plan is worth its memory; otherwise the sums are taken as <see cref="ReferenceConvolutionGradients"/> has them.</summary>
    public static bool Suits(ConvolutionGeometry g) => g.Axes.Aggregate(1L, (phases, axis) => Math.Min(MostPhases, phases) * axis.Stride) <= MostPhases;

    /// <summary>Plans the gradient.</summary>
    /// <param name="g">The geometry of the convolution itself: dY has the shape of its output, dX that of its input.</param>
    /// <param name="width">The vectors' width.</param>
    public static F32ConvolutionInputGradient Create(ConvolutionGeometry g, VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => new PhasedInputGradient<F32x16>(g, width),
        VectorWidth.Bits256 => new PhasedInputGradient<F32x8>(g, width),
        _ => new PhasedInputGradient<F32x4>(g, width),
    };

    /// <summary>The form in which the weights are packed, as a key: equal keys, equal bytes.</summary>
    public abstract string WeightsForm { get; }

    /// <summary>Packs constant weights, once for all runs; the caller disposes them after the last.</summary>
    public abstract PackedWeights Pack(float* w);

    /// <summary>Working memory in bytes for a crew of a size.</summary>
    /// <param name="crew">The crew's size.</param>
    /// <param name="packed">True when the runs are given packed weights.</param>
    public abstract long ScratchBytes(int crew, bool packed = false);

    /// <summary>Computes dX; it must not overlap the others.</summary>
    /// <param name="dy">[batch, filters, output…].</param>
    /// <param name="w">[filters, channels / groups, kernel…].</param>
    /// <param name="dx">[batch, channels, input…].</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, 64-byte aligned.</param>
    /// <param name="crew">The threads.</param>
    /// <param name="packed">What <see cref="Pack"/> gave, and then the weights are not read; null to pack them anew in this run.</param>
    public abstract void Run(float* dy, float* w, float* dx, byte* scratch, Crew crew, PackedWeights? packed = null);
}
