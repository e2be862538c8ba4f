using System.Numerics;
using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Pooling;

/// <summary>The backward run of a pool, one plane of [planes, spatial…] at a time: gradients are added to the elements of each window, outputs in order, so that bits do not depend on the threads. Immutable.</summary>
internal abstract unsafe class PoolBackward<T>(PoolGeometry geometry) : CrewWork where T : unmanaged, INumber<T>
{
    protected PoolGeometry Geometry { get; } = geometry;

    private protected void Run(T* dy, T* x, T* dx, Crew crew)
    {
        void** state = stackalloc void*[] { dy, x, dx };
        crew.For(this, state, Geometry.Planes);
    }

    internal sealed override void RunUnit(void* state, int unit, int worker)
    {
        void** at = (void**)state;
        T* dy = (T*)at[0] + ((nint)unit * Geometry.OutputPlane), x = at[1] is null ? null : (T*)at[1] + ((nint)unit * Geometry.InputPlane), dx = (T*)at[2] + ((nint)unit * Geometry.InputPlane);
        new Span<T>(dx, Geometry.InputPlane).Clear();
        if (Geometry.Axes.Length == 2) Plane(dy, x, dx);
        else
            for (int o = 0; o < Geometry.OutputPlane; o++) General(dy[o], new PoolWindow(Geometry.Axes, o), x, dx);
    }

    /// <summary>Adds one output's gradient, any number of axes.</summary>
    protected abstract void General(T dy, in PoolWindow window, T* x, T* dx);

    /// <summary>Adds one output's gradient on two axes: the taps from (first row, first column) up to the ends lie in the input.</summary>
    protected abstract void Flat(T dy, in FlatWindow window, T* x, T* dx);

    private void Plane(T* dy, T* x, T* dx)
    {
        WindowAxis rows = Geometry.Axes[0], columns = Geometry.Axes[1];
        for (int r = 0; r < rows.Output; r++)
        {
            var (firstRow, endRow) = PoolGeometry.InInput(rows, r);
            nint top = (nint)rows.First(r) * columns.Input;
            for (int c = 0; c < columns.Output; c++, dy++)
            {
                var (firstColumn, endColumn) = PoolGeometry.InInput(columns, c);
                var window = new FlatWindow
                {
                    Start = top + columns.First(c) + ((nint)firstRow * rows.Dilation * columns.Input) + ((nint)firstColumn * columns.Dilation),
                    Rows = endRow - firstRow, Columns = endColumn - firstColumn,
                    RowStep = (nint)rows.Dilation * columns.Input, ColumnStep = columns.Dilation,
                    Padded = PoolGeometry.InPadded(rows, r) * PoolGeometry.InPadded(columns, c),
                };
                Flat(*dy, window, x, dx);
            }
        }
    }

    /// <summary>A window on two axes, as far as it lies in the input.</summary>
    protected readonly struct FlatWindow
    {
        public nint Start { get; init; }

        public int Rows { get; init; }

        public int Columns { get; init; }

        public nint RowStep { get; init; }

        public nint ColumnStep { get; init; }

        /// <summary>The elements that lie in the input or its padding.</summary>
        public int Padded { get; init; }
    }
}

/// <summary>Each output's gradient to the element that won its window: of equal ones the first, and a NaN before all others.</summary>
internal sealed unsafe class MaxPoolBackward<T>(PoolGeometry geometry) : PoolBackward<T>(geometry) where T : unmanaged, INumber<T>
{
    /// <summary>Computes dX.</summary>
    /// <param name="dy">[planes, spatial…] of the outputs.</param>
    /// <param name="x">[planes, spatial…] of the inputs.</param>
    /// <param name="dx">As many places as x.</param>
    /// <param name="crew">The threads.</param>
    public new void Run(T* dy, T* x, T* dx, Crew crew) => base.Run(dy, x, dx, crew);

    protected override void General(T dy, in PoolWindow window, T* x, T* dx)
    {
        if (window.Count == 0) return;
        int best = window.Element(Geometry.Axes, 0);
        for (int t = 1; t < window.Count; t++)
        {
            int i = window.Element(Geometry.Axes, t);
            if (Wins(x[i], x[best])) best = i;
        }
        dx[best] += dy;
    }

    protected override void Flat(T dy, in FlatWindow window, T* x, T* dx)
    {
        if (window.Rows <= 0 || window.Columns <= 0) return;
        nint best = window.Start, row = window.Start;
        T greatest = x[best];
        for (int r = 0; r < window.Rows; r++, row += window.RowStep)
        {
            nint at = row;
            for (int c = 0; c < window.Columns; c++, at += window.ColumnStep)
            {
                if (!Wins(x[at], greatest)) continue;
                greatest = x[at];
                best = at;
            }
        }
        dx[best] += dy;
    }

    private static bool Wins(T value, T best) => value > best || (T.IsNaN(value) && !T.IsNaN(best));
}

/// <summary>Each output's gradient in equal parts to the elements of its window.</summary>
internal sealed unsafe class AveragePoolBackward<T>(PoolGeometry geometry, bool includePad) : PoolBackward<T>(geometry) where T : unmanaged, INumber<T>
{
    /// <summary>Computes dX.</summary>
    /// <param name="dy">[planes, spatial…] of the outputs.</param>
    /// <param name="dx">[planes, spatial…] of the inputs.</param>
    /// <param name="crew">The threads.</param>
    public void Run(T* dy, T* dx, Crew crew) => Run(dy, null, dx, crew);

    protected override void General(T dy, in PoolWindow window, T* x, T* dx)
    {
        T part = dy / T.CreateTruncating(includePad ? window.PaddedCount : window.Count);
        for (int t = 0; t < window.Count; t++) dx[window.Element(Geometry.Axes, t)] += part;
    }

    protected override void Flat(T dy, in FlatWindow window, T* x, T* dx)
    {
        T part = dy / T.CreateTruncating(includePad ? window.Padded : window.Rows * window.Columns);
        nint row = window.Start;
        for (int r = 0; r < window.Rows; r++, row += window.RowStep)
            for (nint c = 0, at = row; c < window.Columns; c++, at += window.ColumnStep) dx[at] += part;
    }
}
