using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Movement;

/// <summary>A stretch of an output axis and the input positions it takes: Length positions from To on come from From, From + Step, ...; a negative From means the fill value.</summary>
internal readonly record struct AxisRun(long To, long From, long Length, int Step)
{
    /// <summary>A stretch that the fill value takes.</summary>
    public static AxisRun Fill(long to, long length) => new(to, -1, length, 0);

    /// <summary>The input position of an output position of the stretch, or -1.</summary>
    public long Source(long position) => From < 0 ? -1 : From + ((position - To) * Step);
}

/// <summary>
/// Copies a tensor whose axes are each mapped on their own: padded, repeated, mirrored or cut. The plan for one set of lengths and maps; immutable,
/// may be run by many threads at once, allocates nothing when it runs.
/// </summary>
internal sealed unsafe class MappedCopy : CrewWork
{
    private const long BytesPerUnit = 128 << 10;

    private readonly AxisRun[][] _outer;
    private readonly long[] _outerLengths;
    private readonly long[] _outerStrides;
    private readonly AxisRun[] _runs;
    private readonly long _block;
    private readonly long _row;
    private readonly long _rows;

    /// <summary>Plans a copy.</summary>
    /// <param name="fromLengths">The input's lengths.</param>
    /// <param name="toLengths">The output's lengths.</param>
    /// <param name="maps">For each axis stretches in ascending order that cover the output's length.</param>
    public MappedCopy(ReadOnlySpan<long> fromLengths, ReadOnlySpan<long> toLengths, AxisRun[][] maps)
    {
        int last = fromLengths.Length - 1;
        _block = 1;
        while (last > 0 && maps[last] is [{ To: 0, From: 0, Step: 1 }] && fromLengths[last] == toLengths[last]) _block = checked(_block * fromLengths[last--]);
        long[] strides = StridedCopy.DenseStrides(fromLengths);
        _runs = last < 0 ? [new AxisRun(0, 0, 1, 1)] : maps[last];
        int outer = Math.Max(0, last);
        _outer = maps[..outer];
        _outerLengths = toLengths[..outer].ToArray();
        _outerStrides = strides[..outer];
        _row = checked((last < 0 ? 1 : toLengths[last]) * _block);
        _rows = toLengths.Contains(0) ? 0 : 1;
        foreach (long length in _outerLengths) _rows = checked(_rows * length);
    }

    /// <summary>Copies numbers or truth values.</summary>
    /// <param name="from">The input.</param>
    /// <param name="to">The output; must not overlap the input.</param>
    /// <param name="elementBytes">1, 2, 4 or 8.</param>
    /// <param name="fill">The bits of the fill value.</param>
    /// <param name="crew">The threads that may share the work.</param>
    public void Run(byte* from, byte* to, int elementBytes, ulong fill, Crew crew)
    {
        if (_rows == 0) return;
        long units = Math.Min(_rows, Math.Min(crew.Size * 4, _rows * _row * elementBytes / BytesPerUnit));
        var state = new State { From = from, To = to, ElementBytes = elementBytes, Fill = fill, Units = Math.Max(1, units) };
        crew.For(this, &state, (int)state.Units);
    }

    /// <summary>Copies strings.</summary>
    public void Run(string[] from, string[] to, string fill)
    {
        if (_rows > 0) Rows(ref MemoryMarshal.GetArrayDataReference(from), ref MemoryMarshal.GetArrayDataReference(to), 0, _rows, fill);
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        ref var s = ref *(State*)state;
        long first = _rows * unit / s.Units, end = _rows * (unit + 1) / s.Units;
        switch (s.ElementBytes)
        {
            case 1: Rows(ref *s.From, ref *s.To, first, end, (byte)s.Fill); break;
            case 2: Rows(ref *(ushort*)s.From, ref *(ushort*)s.To, first, end, (ushort)s.Fill); break;
            case 4: Rows(ref *(uint*)s.From, ref *(uint*)s.To, first, end, (uint)s.Fill); break;
            case 8: Rows(ref *(ulong*)s.From, ref *(ulong*)s.To, first, end, s.Fill); break;
            default: throw new ArgumentOutOfRangeException(nameof(state), s.ElementBytes, "expected elements of 1, 2, 4 or 8 bytes");
        }
    }

    private void Rows<T>(ref T from, ref T to, long first, long end, T fill)
    {
        for (long row = first; row < end; row++)
        {
            long source = 0, rest = row;
            for (int axis = _outer.Length - 1; axis >= 0 && source >= 0; axis--)
            {
                long at = Source(_outer[axis], rest % _outerLengths[axis]);
                rest /= _outerLengths[axis];
                source = at < 0 ? -1 : source + (at * _outerStrides[axis]);
            }
            ref T target = ref Unsafe.Add(ref to, (nint)(row * _row));
            if (source < 0) Fill(ref target, _row, fill);
            else Row(ref Unsafe.Add(ref from, (nint)source), ref target, fill);
        }
    }

    private void Row<T>(ref T from, ref T to, T fill)
    {
        foreach (var run in _runs)
        {
            ref T target = ref Unsafe.Add(ref to, (nint)(run.To * _block));
            if (run.From < 0) Fill(ref target, run.Length * _block, fill);
            else if (run.Step == 1) Copy(ref Unsafe.Add(ref from, (nint)(run.From * _block)), ref target, run.Length * _block);
            else
                for (long i = 0; i < run.Length; i++) Copy(ref Unsafe.Add(ref from, (nint)((run.From + (i * run.Step)) * _block)), ref Unsafe.Add(ref target, (nint)(i * _block)), _block);
        }
    }

    private static long Source(AxisRun[] runs, long position)
    {
        int i = 0;
        while (position >= runs[i].To + runs[i].Length) i++;
        return runs[i].Source(position);
    }

    private static void Copy<T>(ref T from, ref T to, long count)
    {
        if (count == 1) to = from;
        else MemoryMarshal.CreateReadOnlySpan(ref from, checked((int)count)).CopyTo(MemoryMarshal.CreateSpan(ref to, (int)count));
    }

    private static void Fill<T>(ref T to, long count, T value) => MemoryMarshal.CreateSpan(ref to, checked((int)count)).Fill(value);

    private struct State
    {
        public byte* From;
        public byte* To;
        public int ElementBytes;
        public ulong Fill;
        public long Units;
    }
}
