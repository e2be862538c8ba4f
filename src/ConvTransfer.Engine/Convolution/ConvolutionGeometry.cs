namespace ConvTransfer.Engine.Convolution;

/// <summary>The numbers of a convolution: X [batch, channels, spatial…], W [filters, channels / groups, kernel…], Y [batch, filters, spatial…], any number of spatial axes.</summary>
internal sealed class ConvolutionGeometry
{
    /// <summary>Creates a geometry. The caller has checked that the lengths agree.</summary>
    /// <exception cref="OverflowException">A plane has more elements than 31 bits count.</exception>
    public ConvolutionGeometry(int batch, int channels, int filters, int groups, WindowAxis[] axes)
    {
        Batch = batch;
        Channels = channels;
        Filters = filters;
        Groups = groups;
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
        SumLength = checked(ChannelsPerGroup * taps);
    }

    public int Batch { get; }

    /// <summary>Channels of X.</summary>
    public int Channels { get; }

    /// <summary>Channels of Y.</summary>
    public int Filters { get; }

    public int Groups { get; }

    /// <summary>The spatial axes, the slowest first.</summary>
    public WindowAxis[] Axes { get; }

    public int ChannelsPerGroup => Channels / Groups;

    public int FiltersPerGroup => Filters / Groups;

    /// <summary>Elements of one channel of X.</summary>
    public int InputPlane { get; }

    /// <summary>Elements of one channel of Y.</summary>
    public int OutputPlane { get; }

    /// <summary>Elements of one channel of one filter.</summary>
    public int Taps { get; }

    /// <summary>The terms of each output's sum: channels per group times taps.</summary>
    public int SumLength { get; }

    /// <summary>True when every output position sees the one input position of its own number: a matrix product.</summary>
    /// <remarks>A transposed convolution may have a result, here the input, that is longer than its windows reach: then the positions of the one are not those of the other.</remarks>
    public bool IsPointwise
    {
        get
        {
            foreach (var axis in Axes)
                if (axis.Kernel != 1 || axis.Stride != 1 || axis.PadBegin != 0 || axis.PadEnd != 0 || axis.Input != axis.Output) return false;
            return true;
        }
    }
}
