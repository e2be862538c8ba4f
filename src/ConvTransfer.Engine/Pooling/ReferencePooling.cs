using System.Numerics;
using ConvTransfer.Engine.Convolution;

namespace ConvTransfer.Engine.Pooling;

/// <summary>Pools as the definition says it, for every element type: the yardstick of the fast kernels, and the routine for what they do not do.</summary>
internal static unsafe class ReferencePooling
{
    /// <summary>The greatest element of each window, and where it lies. A NaN in the window wins; of equal ones the first. Padding never wins.</summary>
    /// <param name="g">The geometry.</param>
    /// <param name="x">[planes, spatial…].</param>
    /// <param name="y">[planes, spatial…].</param>
    /// <param name="indices">As many places: the element's index in all of x; -1 where a window sees no element. Null for none.</param>
    /// <param name="columnMajor">True to count a plane's elements with the first spatial axis fastest (storage_order 1).</param>
    public static void Max<T>(PoolGeometry g, T* x, T* y, long* indices, bool columnMajor) where T : unmanaged, INumber<T>
    {
        for (nint plane = 0; plane < g.Planes; plane++)
        {
            for (int o = 0; o < g.OutputPlane; o++)
            {
                var window = new PoolWindow(g.Axes, o);
                T best = T.CreateSaturating(double.NegativeInfinity);
                int at = -1;
                for (int t = 0; t < window.Count; t++)
                {
                    int i = window.Element(g.Axes, t);
                    T value = x[(plane * g.InputPlane) + i];
                    if (at >= 0 && (T.IsNaN(best) || !(value > best || T.IsNaN(value)))) continue;
                    best = value;
                    at = i;
                }
                y[(plane * g.OutputPlane) + o] = best;
                if (indices is null) continue;
                indices[(plane * g.OutputPlane) + o] = at < 0 ? -1 : (plane * g.InputPlane) + (columnMajor ? Transposed(g.Axes, at) : at);
            }
        }
    }

    /// <summary>The mean of each window, summed in double. A window that sees nothing gives 0.</summary>
    /// <param name="g">The geometry.</param>
    /// <param name="x">[planes, spatial…].</param>
    /// <param name="y">[planes, spatial…].</param>
    /// <param name="includePad">True to count the padding as zeros, false to leave it out.</param>
    public static void Average<T>(PoolGeometry g, T* x, T* y, bool includePad) where T : unmanaged, INumber<T>
    {
        for (nint plane = 0; plane < g.Planes; plane++)
        {
            for (int o = 0; o < g.OutputPlane; o++)
            {
                var window = new PoolWindow(g.Axes, o);
                double sum = 0;
                for (int t = 0; t < window.Count; t++) sum += double.CreateTruncating(x[(plane * g.InputPlane) + window.Element(g.Axes, t)]);
                int count = includePad ? window.PaddedCount : window.Count;
                y[(plane * g.OutputPlane) + o] = T.CreateTruncating(count == 0 ? 0 : sum / count);
            }
        }
    }

    private static int Transposed(WindowAxis[] axes, int element)
    {
        int index = 0, below = 1;
        foreach (var axis in axes) below *= axis.Input;
        for (int a = axes.Length - 1; a >= 0; a--)
        {
            below /= axes[a].Input;
            index += element % axes[a].Input * below;
            element /= axes[a].Input;
        }
        return index;
    }
}
