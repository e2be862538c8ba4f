using ConvTransfer.Engine.Convolution;

namespace ConvTransfer.Engine.Pooling;

/// <summary>The numbers of a pool: every plane of [planes, spatial…] is pooled by itself; planes are batch times channels.</summary>
internal sealed class PoolGeometry
{
    /// <summary>Creates a geometry.</summary>
    /// <exception cref="OverflowException">A plane has more elements than 31 bits count.</exception>
    public PoolGeometry(int planes, WindowAxis[] axes)
    {
        Planes = planes;
        Axes = axes;
        int input = 1, output = 1, taps = 1;
        foreach (var axis in axes)
        {
            input = checked(input * axis.Input);
            output = checked(output * axis.Output);
            taps = checked(taps * axis.Kernel);
        }
        InputPlane = input;
        OutputPlane = output;
        Taps = taps;
    }

    public int Planes { get; }

    /// <summary>The spatial axes, the slowest first.</summary>
    public WindowAxis[] Axes { get; }

    public int InputPlane { get; }

    public int OutputPlane { get; }

    /// <summary>Elements of the window.</summary>
    public int Taps { get; }

    /// <summary>The taps of an output that lie in the input: first and end.</summary>
    public static (int First, int End) InInput(in WindowAxis axis, int output)
    {
        int start = axis.First(output);
        int first = start >= 0 ? 0 : (int)(((long)-start + axis.Dilation - 1) / axis.Dilation);
        int end = start >= axis.Input ? 0 : Math.Min(axis.Kernel, ((axis.Input - 1 - start) / axis.Dilation) + 1);
        return (first, Math.Max(first, end));
    }

    /// <summary>The number of taps of an output that lie in the input or its padding: a window that sticks out behind (ceil_mode) has fewer.</summary>
    public static int InPadded(in WindowAxis axis, int output)
    {
        int room = axis.Input + axis.PadEnd - 1 - axis.First(output);
        return Math.Min(axis.Kernel, (room / axis.Dilation) + 1);
    }
}
