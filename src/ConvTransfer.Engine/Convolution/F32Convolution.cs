using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Gemm;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Convolution;

/// <summary>The addresses of one run of an <see cref="F32Convolution"/>.</summary>
internal unsafe struct ConvolutionOperands
{
    /// <summary>[batch, channels, spatial…].</summary>
    public float* X;

    /// <summary>[filters, channels / groups, kernel…] as the model holds it; not read where packed weights were given.</summary>
    public float* W;

    /// <summary>What <see cref="F32Convolution.PackTo"/> wrote, or null.</summary>
    public float* Packed;

    /// <summary>[filters], or null.</summary>
    public float* Bias;

    /// <summary>[batch, filters, spatial…]; must not overlap the others.</summary>
    public float* Y;

    /// <summary>Operands of the epilogue's Add stages, each shaped as Y.</summary>
    public float** Residuals;

    /// <summary><see cref="F32Convolution.ScratchBytes"/>, 64-byte aligned.</summary>
    public byte* Scratch;
}

/// <summary>A planned convolution of float32: everything that the geometry decides is decided. Immutable; shared by all sessions.</summary>
/// <remarks>
/// Every output is one sum over (channel, tap) ascending, one multiply-add each, from 0; then the bias, then the stages of the epilogue. All algorithms keep to it, so that they give the same bits.
/// The algorithm follows from the numbers of one image and the vectors' width.
/// </remarks>
internal abstract unsafe class F32Convolution
{
    private const int MostFiltersOfDepthwise = 2;

    /// <summary>Plans a convolution.</summary>
    /// <param name="geometry">The numbers.</param>
    /// <param name="epilogue">What follows the sum.</param>
    /// <param name="width">The vectors' width.</param>
    /// <param name="turned">How the weights are read where they are those of another convolution, whose gradient this is; then they are packed by <see cref="PackTo"/>.</param>
    public static F32Convolution Create(ConvolutionGeometry geometry, RowEpilogue epilogue, VectorWidth width, TurnedWeights? turned = null) => width switch
    {
        VectorWidth.Bits512 => Create<F32x16>(geometry, epilogue, width, turned),
        VectorWidth.Bits256 => Create<F32x8>(geometry, epilogue, width, turned),
        _ => Create<F32x4>(geometry, epilogue, width, turned),
    };

    /// <summary>The form in which the weights are packed, as a key: equal keys, equal bytes.</summary>
    public abstract string WeightsForm { get; }

    /// <summary>Packs constant weights, once for all runs; the caller disposes them after the last.</summary>
    public abstract PackedWeights Pack(float* w);

    /// <summary>Elements of packed weights.</summary>
    public abstract nint WeightElements { get; }

    /// <summary>Packs weights for the runs of one step.</summary>
    /// <param name="w">The weights.</param>
    /// <param name="to"><see cref="WeightElements"/>, 64-byte aligned.</param>
    /// <param name="crew">The threads.</param>
    public abstract void PackTo(float* w, float* to, Crew crew);

    /// <summary>Working memory in bytes for a crew of a size.</summary>
    /// <param name="crew">The crew's size.</param>
    /// <param name="packed">True when the runs are given packed weights.</param>
    public abstract long ScratchBytes(int crew, bool packed);

    /// <summary>Computes Y.</summary>
    /// <param name="operands">The addresses.</param>
    /// <param name="weights">What <see cref="Pack"/> gave; null to pack anew in this run, or where the operands hold them packed.</param>
    /// <param name="crew">The threads.</param>
    public abstract void Run(in ConvolutionOperands operands, PackedWeights? weights, Crew crew);

    private static F32Convolution Create<V>(ConvolutionGeometry g, RowEpilogue epilogue, VectorWidth width, TurnedWeights? turned) where V : unmanaged, IVector<V> =>
        g.FiltersPerGroup <= MostFiltersOfDepthwise && g.Groups > 1 ? new DepthwiseConvolution<V>(g, epilogue, turned) : new PanelConvolution<V>(g, epilogue, GemmTiles.For(width), turned);
}
