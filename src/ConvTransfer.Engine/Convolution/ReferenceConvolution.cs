using System.Numerics;

namespace ConvTransfer.Engine.Convolution;

/// <summary>Convolution as the definition says it, summed in double: the yardstick of the fast kernels, and the routine for float64.</summary>
/// <remarks>
/// y[n, m, o] = b[m] + Σ over channels c of the filter's group, taps t: w[m, c, t] · x[n, c, o · stride − pad + t · dilation]; what lies outside x counts as 0.
/// A whole output plane is summed at once, term after term, so that the innermost loop runs along the last axis without tests.
/// </remarks>
internal static unsafe class ReferenceConvolution
{
    /// <summary>Bytes of working memory.</summary>
    public static long ScratchBytes(ConvolutionGeometry g) => (long)g.OutputPlane * sizeof(double);

    /// <summary>Computes Y.</summary>
    /// <param name="g">The geometry.</param>
    /// <param name="x">[batch, channels, spatial…].</param>
    /// <param name="w">[filters, channels / groups, kernel…].</param>
    /// <param name="b">[filters], or null.</param>
    /// <param name="y">[batch, filters, spatial…]; must not overlap the others.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, aligned to 8.</param>
    public static void Run<T>(ConvolutionGeometry g, T* x, T* w, T* b, T* y, byte* scratch) where T : unmanaged, INumberBase<T>
    {
        double* sums = (double*)scratch;
        for (int n = 0; n < g.Batch; n++)
        {
            for (int m = 0; m < g.Filters; m++)
            {
                new Span<double>(sums, g.OutputPlane).Fill(b is null ? 0 : double.CreateTruncating(b[m]));
                int first = m / g.FiltersPerGroup * g.ChannelsPerGroup;
                T* weight = w + ((nint)m * g.SumLength);
                for (int c = 0; c < g.ChannelsPerGroup; c++)
                {
                    T* plane = x + ((((nint)n * g.Channels) + first + c) * g.InputPlane);
                    for (int t = 0; t < g.Taps; t++) AddTap(g.Axes, t, double.CreateTruncating(*weight++), plane, sums);
                }
                T* to = y + ((((nint)n * g.Filters) + m) * g.OutputPlane);
                for (int i = 0; i < g.OutputPlane; i++) to[i] = T.CreateTruncating(sums[i]);
            }
        }
    }

    private static void AddTap<T>(WindowAxis[] axes, int tap, double weight, T* x, double* sums) where T : unmanaged, INumberBase<T>
    {
        var view = new TapView(axes, tap);
        int stride = axes[^1].Stride;
        for (int row = 0; row < view.Rows; row++, sums += axes[^1].Output)
        {
            if (view.Start(row) is not int start) continue;
            T* line = x + start;
            for (int o = view.From; o < view.To; o++) sums[o] += weight * double.CreateTruncating(line[o * stride]);
        }
    }
}
