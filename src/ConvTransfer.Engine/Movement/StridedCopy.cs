using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Movement;

/// <summary>
/// Copies a box of elements from one tensor into another, each walked with strides of its own: transposition, slices, concatenation, repetition.
/// The plan for one set of lengths and strides; immutable, may be run by many threads at once, allocates nothing when it runs.
/// </summary>
/// <remarks>
/// Axes of length 1 are dropped and neighbours that are contiguous in both tensors are merged, so that most uses end as copies of blocks.
/// Where the target's last axis is not the source's contiguous one, both are walked in tiles: every cache line that is read or written is used whole.
/// </remarks>
internal sealed unsafe class StridedCopy : CrewWork
{
    // Below this many bytes for each thread, waking it costs more than the copy.
    private const long BytesPerUnit = 128 << 10;
    private const int Tile = 16, MostOnStack = 16;

    private readonly long[] _lengths;
    private readonly long[] _fromStrides;
    private readonly long[] _toStrides;
    private readonly long _fromStart;
    private readonly long _toStart;
    private readonly long _items;
    private readonly long _inner;
    private readonly long _middle;
    private readonly long _partsOfInner;
    private readonly long _lengthOfPart;
    private readonly long _fromInner;
    private readonly long _toInner;
    private readonly long _fromMiddle;
    private readonly long _toMiddle;

    /// <summary>Plans a copy. Lengths and strides are in elements; a stride may be 0 or negative in the source.</summary>
    /// <param name="lengths">The box, outermost axis first.</param>
    /// <param name="fromStrides">The distance of neighbours in the source, per axis.</param>
    /// <param name="toStrides">The distance of neighbours in the target, per axis.</param>
    /// <param name="fromStart">The first element in the source.</param>
    /// <param name="toStart">The first element in the target.</param>
    public StridedCopy(ReadOnlySpan<long> lengths, ReadOnlySpan<long> fromStrides, ReadOnlySpan<long> toStrides, long fromStart = 0, long toStart = 0)
    {
        var axes = Merged(lengths, fromStrides, toStrides);
        (_fromStart, _toStart) = (fromStart, toStart);
        IsEmpty = lengths.Contains(0);
        if (axes.Count == 0) axes.Add(new Axis(1, 1, 1));
        var inner = axes[^1];
        axes.RemoveAt(axes.Count - 1);
        (_inner, _fromInner, _toInner) = inner;
        (_middle, _fromMiddle, _toMiddle) = (1, 0, 0);
        int contiguous = inner.From == 1 ? -1 : axes.FindIndex(a => a.From == 1);
        if (contiguous >= 0)
        {
            (_middle, _fromMiddle, _toMiddle) = axes[contiguous];
            axes.RemoveAt(contiguous);
        }
        _lengths = [.. axes.Select(a => a.Length)];
        _fromStrides = [.. axes.Select(a => a.From)];
        _toStrides = [.. axes.Select(a => a.To)];
        long outer = 1;
        foreach (long length in _lengths) outer = checked(outer * length);
        // A long inner axis is cut, so that a copy of few and long rows is shared out too.
        _lengthOfPart = Math.Max(1, Math.Min(_inner, Math.Max(Tile, (BytesPerUnit / 2 / Math.Max(1, _middle)) / Tile * Tile)));
        _partsOfInner = (_inner + _lengthOfPart - 1) / _lengthOfPart;
        _items = IsEmpty ? 0 : checked(outer * _partsOfInner);
        Count = IsEmpty ? 0 : checked(outer * _middle * _inner);
    }

    /// <summary>The first element in the target.</summary>
    public long ToStart => _toStart;

    /// <summary>True when there is nothing to copy.</summary>
    public bool IsEmpty { get; }

    /// <summary>The number of elements that a run copies.</summary>
    public long Count { get; }

    /// <summary>The strides in elements of a dense tensor with these lengths.</summary>
    public static long[] DenseStrides(ReadOnlySpan<long> lengths)
    {
        long[] strides = new long[lengths.Length];
        long stride = 1;
        for (int i = lengths.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride = checked(stride * Math.Max(1, lengths[i]));
        }
        return strides;
    }

    /// <summary>Copies numbers or truth values.</summary>
    /// <param name="from">Element 0 of the source.</param>
    /// <param name="to">Element 0 of the target; must not overlap the source.</param>
    /// <param name="elementBytes">1, 2, 4 or 8.</param>
    /// <param name="crew">The threads that may share the work.</param>
    public void Run(byte* from, byte* to, int elementBytes, Crew crew)
    {
        if (IsEmpty) return;
        long bytes = Count * elementBytes;
        long units = Math.Min(_items, Math.Min(crew.Size * 4, bytes / BytesPerUnit));
        var state = new State { From = from, To = to, ElementBytes = elementBytes, Units = Math.Max(1, units) };
        crew.For(this, &state, (int)state.Units);
    }

    /// <summary>Copies strings.</summary>
    public void Run(string[] from, string[] to)
    {
        if (!IsEmpty) Copy(ref MemoryMarshal.GetArrayDataReference(from), ref MemoryMarshal.GetArrayDataReference(to), 0, _items);
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        ref var s = ref *(State*)state;
        long first = _items * unit / s.Units, end = _items * (unit + 1) / s.Units;
        switch (s.ElementBytes)
        {
            case 1: Copy(ref *s.From, ref *s.To, first, end); break;
            case 2: Copy(ref *(ushort*)s.From, ref *(ushort*)s.To, first, end); break;
            case 4: Copy(ref *(uint*)s.From, ref *(uint*)s.To, first, end); break;
            case 8: Copy(ref *(ulong*)s.From, ref *(ulong*)s.To, first, end); break;
            default: throw new ArgumentOutOfRangeException(nameof(state), s.ElementBytes, "expected elements of 1, 2, 4 or 8 bytes");
        }
    }

    // One item is a part of the inner axis, over the whole middle axis, at one place of the outer axes.
    private void Copy<T>(ref T from, ref T to, long first, long end)
    {
        int rank = _lengths.Length;
        Span<long> at = rank > MostOnStack ? new long[rank] : stackalloc long[rank];
        long part = first % _partsOfInner, rest = first / _partsOfInner, fromAt = _fromStart, toAt = _toStart;
        for (int i = rank - 1; i >= 0; i--)
        {
            at[i] = rest % _lengths[i];
            rest /= _lengths[i];
            fromAt += at[i] * _fromStrides[i];
            toAt += at[i] * _toStrides[i];
        }
        for (long item = first; item < end; item++)
        {
            long start = part * _lengthOfPart;
            Plane(ref Unsafe.Add(ref from, (nint)(fromAt + (start * _fromInner))), ref Unsafe.Add(ref to, (nint)(toAt + (start * _toInner))), Math.Min(_lengthOfPart, _inner - start));
            if (++part < _partsOfInner) continue;
            part = 0;
            for (int i = rank - 1; i >= 0; i--)
            {
                fromAt += _fromStrides[i];
                toAt += _toStrides[i];
                if (++at[i] < _lengths[i]) break;
                fromAt -= _lengths[i] * _fromStrides[i];
                toAt -= _lengths[i] * _toStrides[i];
                at[i] = 0;
            }
        }
    }

    private void Plane<T>(ref T from, ref T to, long inner)
    {
        if (_middle == 1) Row(ref from, ref to, inner);
        else
        {
            for (long m = 0; m < _middle; m += Tile)
                for (long i = 0; i < inner; i += Tile)
                    TileOf(ref Unsafe.Add(ref from, (nint)((m * _fromMiddle) + (i * _fromInner))), ref Unsafe.Add(ref to, (nint)((m * _toMiddle) + (i * _toInner))), (int)Math.Min(Tile, _middle - m), (int)Math.Min(Tile, inner - i));
        }
    }

    private void TileOf<T>(ref T from, ref T to, int middle, int inner)
    {
        nint fromMiddle = (nint)_fromMiddle, toMiddle = (nint)_toMiddle, fromInner = (nint)_fromInner, toInner = (nint)_toInner;
        for (int m = 0; m < middle; m++)
        {
            ref T f = ref Unsafe.Add(ref from, m * fromMiddle);
            ref T t = ref Unsafe.Add(ref to, m * toMiddle);
            for (int i = 0; i < inner; i++) Unsafe.Add(ref t, i * toInner) = Unsafe.Add(ref f, i * fromInner);
        }
    }

    private void Row<T>(ref T from, ref T to, long length)
    {
        if (_toInner == 1 && _fromInner is 0 or 1)
        {
            while (length > 0)
            {
                int now = (int)Math.Min(length, 1 << 28);
                var target = MemoryMarshal.CreateSpan(ref to, now);
                if (_fromInner == 0)
                {
                    target.Fill(from);
                }
                else
                {
                    MemoryMarshal.CreateReadOnlySpan(ref from, now).CopyTo(target);
                    from = ref Unsafe.Add(ref from, now);
                }
                to = ref Unsafe.Add(ref to, now);
                length -= now;
            }
        }
        else
        {
            nint f = 0, t = 0, fromStep = (nint)_fromInner, toStep = (nint)_toInner;
            for (nint i = 0; i < (nint)length; i++, f += fromStep, t += toStep) Unsafe.Add(ref to, t) = Unsafe.Add(ref from, f);
        }
    }

    private static List<Axis> Merged(ReadOnlySpan<long> lengths, ReadOnlySpan<long> fromStrides, ReadOnlySpan<long> toStrides)
    {
        if (fromStrides.Length != lengths.Length || toStrides.Length != lengths.Length) throw new ArgumentException($"{fromStrides.Length} and {toStrides.Length} strides for {lengths.Length} lengths", nameof(fromStrides));
        var axes = new List<Axis>();
        for (int i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] == 1) continue;
            var axis = new Axis(lengths[i], fromStrides[i], toStrides[i]);
            if (axes.Count > 0 && axes[^1].From == axis.From * axis.Length && axes[^1].To == axis.To * axis.Length) axes[^1] = axis with { Length = checked(axis.Length * axes[^1].Length) };
            else axes.Add(axis);
        }
        return axes;
    }

    private readonly record struct Axis(long Length, long From, long To);

    private struct State
    {
        public byte* From;
        public byte* To;
        public int ElementBytes;
        public long Units;
    }
}
