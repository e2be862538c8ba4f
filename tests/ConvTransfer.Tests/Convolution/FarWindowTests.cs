using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Pooling;

namespace ConvTransfer.Tests.Convolution;

/// <summary>Windows whose step or gap is almost as long as an int counts: their sums once wrapped round, and a run read and wrote outside of its buffers.</summary>
public sealed class FarWindowTests
{
    [Fact]
    public void ATapInFrontOfTheInputIsMetByNoOutput()
    {
        WindowAxis[] axes = [new(Input: 1, Kernel: 3, Stride: int.MaxValue, Dilation: 1, PadBegin: 2, PadEnd: 2, Output: 1)];
        // The taps of the only output see -2, -1 and 0.
        for (int tap = 0; tap < 3; tap++)
        {
            var view = new TapView(axes, tap);
            Assert.Equal(tap == 2 ? [0] : [], Enumerable.Range(view.From, Math.Max(0, view.To - view.From)));
        }
    }

    [Fact]
    public void AWindowAroundTheInputHoldsNothing()
    {
        var axis = new WindowAxis(Input: 1, Kernel: 2, Stride: 1, Dilation: int.MaxValue - 1, PadBegin: 1073741823, PadEnd: 1073741823, Output: 1);
        var (first, end) = PoolGeometry.InInput(axis, 0);
        Assert.Equal(first, end);
    }
}
