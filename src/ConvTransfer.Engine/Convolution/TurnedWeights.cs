using System.Runtime.CompilerServices;

namespace ConvTransfer.Engine.Convolution;

/// <summary>The weights of a convolution, read as those of its gradient by the input: filters and channels change places, and of the taps only some are taken.</summary>
/// <param name="g">The geometry of the convolution itself: W [filters, channels / groups, kernel…].</param>
/// <param name="taps">The taps in the order in which the gradient sums them.</param>
internal sealed unsafe class TurnedWeights(ConvolutionGeometry g, int[] taps)
{
    /// <summary>Packs some channels of a group: to[(m · taps + t) · width + c], m the filter in the group, zeros behind the last channel.</summary>
    /// <param name="w">The weights.</param>
    /// <param name="group">The group.</param>
    /// <param name="first">The first channel in the group.</param>
    /// <param name="count">The number of channels.</param>
    /// <param name="width">Elements of a row of the result, at least <paramref name="count"/>.</param>
    /// <param name="to">filters per group · taps · width elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(float* w, int group, int first, int count, int width, float* to)
    {
        int step = g.Taps;
        float* from = w + ((nint)group * g.FiltersPerGroup * g.SumLength) + ((nint)first * step);
        for (int m = 0; m < g.FiltersPerGroup; m++, from += g.SumLength)
        {
            foreach (int tap in taps)
            {
                float* weight = from + tap;
                for (int c = 0; c < count; c++, weight += step) to[c] = *weight;
                for (int c = count; c < width; c++) to[c] = 0;
                to += width;
            }
        }
    }
}
