using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Elementwise;

/// <summary>A function applied element by element, divided over the threads of a crew. Immutable; may be run by many threads at once, allocates nothing when it runs.</summary>
internal abstract unsafe class ElementLoop(SpreadGeometry geometry) : CrewWork
{
    private protected SpreadGeometry Geometry { get; } = geometry;

    /// <summary>Computes all elements.</summary>
    /// <param name="x">The first operand.</param>
    /// <param name="y">The second operand; null for functions of one.</param>
    /// <param name="result">The result, in C order; it may be an operand that is not spread.</param>
    /// <param name="crew">The threads that may share the work.</param>
    public void Run(void* x, void* y, void* result, Crew crew)
    {
        void** state = stackalloc void*[] { x, y, result };
        crew.For(this, state, Geometry.Units);
    }

    internal sealed override void RunUnit(void* state, int unit, int worker)
    {
        void** at = (void**)state;
        var (row, end, from, to) = Geometry.Unit(unit);
        for (; row < end; row++) RunRow(at[0], at[1], at[2], row, from, to);
    }

    /// <summary>Computes a part of one row.</summary>
    private protected abstract void RunRow(void* x, void* y, void* result, nint row, nint from, nint to);
}
