using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Convolution;

/// <summary>Some neighbouring channels of a group, as many as a tile has columns or fewer.</summary>
/// <param name="Channel">The first one, of all channels.</param>
/// <param name="Width">Their number.</param>
/// <param name="Start">Where the strip begins in the turned inputs.</param>
internal readonly record struct ChannelStrip(int Channel, int Width, nint Start);

/// <summary>A vector's way into a panel.</summary>
/// <param name="From">Where it is read, from where tap 0 of the position lies.</param>
/// <param name="To">The column where it is written.</param>
internal readonly record struct PanelPiece(int From, int To);

/// <summary>A panel of columns of the product that gives dW: column j is (tap, channel) number First + j of a strip, channels counting fastest.</summary>
/// <param name="Group">The group.</param>
/// <param name="Strip">The strip.</param>
/// <param name="First">The first (tap, channel) in the strip.</param>
/// <param name="Columns">The number of columns.</param>
/// <param name="Pieces">What is copied for each position, in the order of the columns.</param>
internal sealed record GradientPanel(int Group, ChannelStrip Strip, int First, int Columns, PanelPiece[] Pieces);

/// <summary>
/// Some images of X, padded and turned so that the channels of a position lie side by side: strip after strip, each [image][padded position][channel]. From there the rows of a panel,
/// [position][(tap, channel)], are copied in whole vectors, where the unturned layout would give one number at a time.
/// </summary>
internal sealed unsafe class TurnedInputs<V> where V : unmanaged, IVector<V>
{
    private const int RowsPerUnit = 8;

    private readonly ConvolutionGeometry _g;
    private readonly InputPadding<V> _padding;
    private readonly ChannelStrip[] _strips;
    private readonly int[] _rowStarts;
    private readonly int _images, _rowUnits, _columns;
    private readonly WindowAxis _last;

    /// <summary>Plans strips and panels.</summary>
    /// <param name="g">The convolution.</param>
    /// <param name="images">The number of images that are turned together.</param>
    /// <param name="columns">Columns of a tile: two vectors.</param>
    public TurnedInputs(ConvolutionGeometry g, int images, int columns)
    {
        _g = g;
        _images = images;
        _columns = columns;
        _last = g.Axes[^1];
        _padding = new InputPadding<V>(g.Axes, g.Channels, always: true);
        _rowUnits = (_padding.Rows + RowsPerUnit - 1) / RowsPerUnit;
        _rowStarts = new int[g.OutputPlane / Math.Max(1, _last.Output)];
        for (int row = 0; row < _rowStarts.Length; row++) _rowStarts[row] = _padding.RowStart(row);
        var strips = new List<ChannelStrip>();
        var panels = new List<GradientPanel>();
        nint start = 0;
        for (int group = 0; group < g.Groups; group++)
        {
            for (int c = 0; c < g.ChannelsPerGroup; c += columns)
            {
                var strip = new ChannelStrip((group * g.ChannelsPerGroup) + c, Math.Min(columns, g.ChannelsPerGroup - c), start);
                strips.Add(strip);
                start += ((((nint)images * _padding.Plane * strip.Width) + 15) & ~(nint)15);
                for (int first = 0; first < strip.Width * g.Taps; first += columns) panels.Add(Panel(group, strip, first, Math.Min(columns, (strip.Width * g.Taps) - first)));
            }
        }
        _strips = [.. strips];
        Panels = [.. panels];
        Elements = start + _columns;
    }

    /// <summary>Elements of the turned images, and what whole vectors read behind them.</summary>
    public nint Elements { get; }

    /// <summary>The panels, group after group.</summary>
    public GradientPanel[] Panels { get; }

    /// <summary>Units of turning for a number of images.</summary>
    public int Units(int images) => images * _strips.Length * _rowUnits;

    /// <summary>Turns a strip of some rows of one image.</summary>
    /// <param name="x">The first of the images, [channels, input…].</param>
    /// <param name="to">The turned images.</param>
    /// <param name="unit">The unit.</param>
    public void Turn(float* x, float* to, int unit)
    {
        int image = unit / _rowUnits / _strips.Length, first = unit % _rowUnits * RowsPerUnit, length = _padding.RowLength, front = Math.Max(0, _last.PadBegin);
        var strip = _strips[unit / _rowUnits % _strips.Length];
        int width = strip.Width, behind = length - front - _last.Input;
        x += (((nint)image * _g.Channels) + strip.Channel) * _g.InputPlane;
        to += strip.Start + ((((nint)image * _padding.Plane) + ((nint)first * length)) * width);
        for (int row = first; row < Math.Min(first + RowsPerUnit, _padding.Rows); row++, to += (nint)length * width)
        {
            int input = _padding.InputRow(row);
            if (input < 0)
            {
                new Span<float>(to, length * width).Clear();
                continue;
            }
            new Span<float>(to, front * width).Clear();
            Turning<V>.Run(x + ((nint)input * _last.Input), _g.InputPlane, width, _last.Input, to + (front * width), width);
            new Span<float>(to + ((front + _last.Input) * width), behind * width).Clear();
        }
    }

    /// <summary>Gives the rows of a panel for some positions: rows[position · stride + column]; what stands behind the panel's columns is undefined.</summary>
    /// <param name="turned">The turned images.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="first">The first output position, counted through all images.</param>
    /// <param name="count">The number of positions.</param>
    /// <param name="to">Memory for count · columns elements and one vector more.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <returns>The rows: where they were put, or where they stand already.</returns>
    public float* Rows(float* turned, GradientPanel panel, int first, int count, float* to, out nint stride)
    {
        stride = _columns;
        var strip = panel.Strip;
        float* from = turned + strip.Start;
        if (_g.IsPointwise)
        {
            stride = strip.Width;
            return from + (first * stride);
        }
        float* row = to;
        for (int position = first, end = first + count; position < end;)
        {
            int p = position % _g.OutputPlane, o = p % _last.Output, run = Math.Min(_last.Output - o, end - position);
            nint start = ((nint)(position / _g.OutputPlane) * _padding.Plane) + _rowStarts[p / _last.Output] + ((nint)o * _last.Stride);
            Copy(from + (start * strip.Width), _last.Stride * strip.Width, run, panel, row);
            row += run * _columns;
            position += run;
        }
        return to;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy(float* from, nint step, int count, GradientPanel panel, float* to)
    {
        var pieces = panel.Pieces;
        PanelPiece* piece = (PanelPiece*)Unsafe.AsPointer(ref pieces[0]);
        nint columns = 2 * V.Count;
        if (pieces.Length == 2 && piece[1].To == V.Count)
        {
            float* other = from + piece[1].From;
            from += piece[0].From;
            for (int i = 0; i < count; i++, from += step, other += step, to += columns)
            {
                V.Store(V.Load(from), to);
                V.Store(V.Load(other), to + V.Count);
            }
            return;
        }
        for (int i = 0; i < count; i++, from += step, to += columns)
            for (int p = 0; p < pieces.Length; p++) V.Store(V.Load(from + piece[p].From), to + piece[p].To);
    }

    // Columns whose sources are neighbours too, a vector at a time.
    private GradientPanel Panel(int group, ChannelStrip strip, int first, int columns)
    {
        var pieces = new List<PanelPiece>();
        int Source(int column) => (_padding.TapOffsets[(first + column) / strip.Width] * strip.Width) + ((first + column) % strip.Width);
        for (int column = 0; column < columns;)
        {
            int source = Source(column), length = 1;
            while (length < V.Count && column + length < columns && Source(column + length) == source + length) length++;
            pieces.Add(new PanelPiece(source, column));
            column += length;
        }
        var pinned = GC.AllocateUninitializedArray<PanelPiece>(pieces.Count, pinned: true);
        pieces.CopyTo(pinned);
        return new GradientPanel(group, strip, first, columns, pinned);
    }
}
