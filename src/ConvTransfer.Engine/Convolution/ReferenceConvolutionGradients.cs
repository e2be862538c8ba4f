using System.Numerics;

namespace ConvTransfer.Engine.Convolution;

/// <summary>The gradients of a convolution as the definition says them, summed in double: the yardstick of the fast kernels, and the routine for float64. The geometry is always that of the convolution itself.</summary>
/// <remarks>
/// With y[n, m, o] = Σ w[m, c, t] · x[n, c, i], where i = o · stride − pad + t · dilation, and a loss L: dx[n, c, i] = Σ over m, t with such an o: w[m, c, t] · dy[n, m, o];
/// dw[m, c, t] = Σ over n, o: dy[n, m, o] · x[n, c, i], what lies outside x being 0. The first is also the transposed convolution.
/// </remarks>
internal static unsafe class ReferenceConvolutionGradients
{
    /// <summary>Bytes of working memory.</summary>
    public static long ScratchBytes(ConvolutionGeometry g) => (long)Math.Max(g.InputPlane, g.SumLength) * sizeof(double);

    /// <summary>Computes dX.</summary>
    /// <param name="g">The convolution's geometry.</param>
    /// <param name="dy">[batch, filters, output…].</param>
    /// <param name="w">[filters, channels / groups, kernel…].</param>
    /// <param name="dx">[batch, channels, input…]; must not overlap the others.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, aligned to 8.</param>
    /// <param name="b">[channels]: what the sums of each channel begin with, as in a transposed convolution; null for 0.</param>
    public static void Input<T>(ConvolutionGeometry g, T* dy, T* w, T* dx, byte* scratch, T* b = null) where T : unmanaged, INumberBase<T>
    {
        double* sums = (double*)scratch;
        for (int n = 0; n < g.Batch; n++)
        {
            for (int c = 0; c < g.Channels; c++)
            {
                new Span<double>(sums, g.InputPlane).Fill(b is null ? 0 : double.CreateTruncating(b[c]));
                int group = c / g.ChannelsPerGroup;
                for (int m = group * g.FiltersPerGroup; m < (group + 1) * g.FiltersPerGroup; m++)
                {
                    T* plane = dy + ((((nint)n * g.Filters) + m) * g.OutputPlane), weights = w + ((((nint)m * g.ChannelsPerGroup) + (c % g.ChannelsPerGroup)) * g.Taps);
                    for (int t = 0; t < g.Taps; t++) SpreadTap(g.Axes, t, double.CreateTruncating(weights[t]), plane, sums);
                }
                T* to = dx + ((((nint)n * g.Channels) + c) * g.InputPlane);
                for (int i = 0; i < g.InputPlane; i++) to[i] = T.CreateTruncating(sums[i]);
            }
        }
    }

    /// <summary>Computes dW.</summary>
    /// <param name="g">The convolution's geometry.</param>
    /// <param name="x">[batch, channels, input…].</param>
    /// <param name="dy">[batch, filters, output…].</param>
    /// <param name="dw">[filters, channels / groups, kernel…]; must not overlap the others.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, aligned to 8.</param>
    public static void Weights<T>(ConvolutionGeometry g, T* x, T* dy, T* dw, byte* scratch) where T : unmanaged, INumberBase<T>
    {
        double* sums = (double*)scratch;
        for (int m = 0; m < g.Filters; m++)
        {
            new Span<double>(sums, g.SumLength).Clear();
            int first = m / g.FiltersPerGroup * g.ChannelsPerGroup;
            for (int n = 0; n < g.Batch; n++)
            {
                T* plane = dy + ((((nint)n * g.Filters) + m) * g.OutputPlane), channels = x + ((((nint)n * g.Channels) + first) * g.InputPlane);
                for (int i = 0; i < g.SumLength; i++) sums[i] += TapProduct(g.Axes, i % g.Taps, channels + ((nint)(i / g.Taps) * g.InputPlane), plane);
            }
            for (int i = 0; i < g.SumLength; i++) *dw++ = T.CreateTruncating(sums[i]);
        }
    }

    private static void SpreadTap<T>(WindowAxis[] axes, int tap, double weight, T* dy, double* sums) where T : unmanaged, INumberBase<T>
    {
        var view = new TapView(axes, tap);
        int stride = axes[^1].Stride;
        for (int row = 0; row < view.Rows; row++, dy += axes[^1].Output)
        {
            if (view.Start(row) is not int start) continue;
            double* line = sums + start;
            for (int o = view.From; o < view.To; o++) line[o * stride] += weight * double.CreateTruncating(dy[o]);
        }
    }

    private static double TapProduct<T>(WindowAxis[] axes, int tap, T* x, T* dy) where T : unmanaged, INumberBase<T>
    {
        var view = new TapView(axes, tap);
        int stride = axes[^1].Stride;
        double sum = 0;
        for (int row = 0; row < view.Rows; row++, dy += axes[^1].Output)
        {
            if (view.Start(row) is not int start) continue;
            T* line = x + start;
            for (int o = view.From; o < view.To; o++) sum += double.CreateTruncating(dy[o]) * double.CreateTruncating(line[o * stride]);
        }
        return sum;
    }
}
