using ConvTransfer.Engine.Gemm;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Convolution;

/// <summary>A planned gradient of a float32 convolution by its weights. Immutable; shared by all sessions.</summary>
internal abstract unsafe class F32ConvolutionWeightGradient
{
    private const int MostFiltersOfDepthwise = 2;

    /// <summary>Plans the gradient.</summary>
    /// <param name="g">The geometry of the convolution itself.</param>
    /// <param name="width">The vectors' width.</param>
    public static F32ConvolutionWeightGradient Create(ConvolutionGeometry g, VectorWidth width)
    {
        bool isDepthwise = g.Groups > 1 && g.FiltersPerGroup <= MostFiltersOfDepthwise;
        return width switch
        {
            VectorWidth.Bits512 => isDepthwise ? new DepthwiseWeightGradient<F32x16>(g) : new PanelWeightGradient<F32x16>(g, GemmTiles.For(width)),
            VectorWidth.Bits256 => isDepthwise ? new DepthwiseWeightGradient<F32x8>(g) : new PanelWeightGradient<F32x8>(g, GemmTiles.For(width)),
            _ => isDepthwise ? new DepthwiseWeightGradient<F32x4>(g) : new PanelWeightGradient<F32x4>(g, GemmTiles.For(width)),
        };
    }

    /// <summary>Working memory in bytes for a crew of a size.</summary>
    public abstract long ScratchBytes(int crew);

    /// <summary>Computes dW; it must not overlap the others.</summary>
    /// <param name="x">[batch, channels, input…].</param>
    /// <param name="dy">[batch, filters, output…].</param>
    /// <param name="dw">[filters, channels / groups, kernel…].</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, 64-byte aligned.</param>
    /// <param name="crew">The threads.</param>
    public abstract void Run(float* x, float* dy, float* dw, byte* scratch, Crew crew);
}
