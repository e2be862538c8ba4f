using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Convolution;

/// <summary>The zero-padded copy of one image, so that no kernel asks where the border is. Also says where an output's taps lie, padded or not.</summary>
/// <remarks>A negative padding in front skips elements: the copy, or the input that serves as it is, still holds them. Behind the last output's last tap nothing is padded: what no output sees is not copied twice. Some readable elements follow the copy, for whole vectors.</remarks>
internal sealed unsafe class InputPadding<V> : CrewWork where V : unmanaged, IVector<V>
{
    private readonly WindowAxis[] _axes;
    private readonly int[] _lengths;
    private readonly int _channels, _inputPlane;

    public InputPadding(WindowAxis[] axes, int channels, bool always = false)
    {
        _axes = axes;
        _channels = channels;
        _lengths = new int[axes.Length];
        IsNeeded = always;
        _inputPlane = 1;
        int plane = 1;
        for (int a = 0; a < axes.Length; a++)
        {
            var axis = axes[a];
            long seen = ((axis.Output - 1L) * axis.Stride) + WindowAxis.Span(axis.Kernel, axis.Dilation) - axis.PadBegin;
            int behind = checked((int)Math.Max(0, seen - axis.Input));
            if (axis.PadBegin > 0 || behind > 0) IsNeeded = true;
            _lengths[a] = Math.Max(0, axis.PadBegin) + axis.Input + behind;
            plane = checked(plane * _lengths[a]);
            _inputPlane *= axis.Input;
        }
        Plane = plane;
        TapOffsets = Offsets();
    }

    /// <summary>Elements that may be read behind the copy.</summary>
    public static int Slack => 4 * V.Count;

    /// <summary>False when the input serves as it is.</summary>
    public bool IsNeeded { get; }

    /// <summary>Elements of one padded channel.</summary>
    public int Plane { get; }

    /// <summary>Elements that a copy takes; 0 when none is needed.</summary>
    public nint Elements => IsNeeded ? (((nint)_channels * Plane) + Slack + 15) & ~(nint)15 : 0;

    /// <summary>The rows of a padded channel.</summary>
    public int Rows => Plane / Math.Max(1, RowLength);

    /// <summary>Elements of a padded row.</summary>
    public int RowLength => _lengths[^1];

    /// <summary>Where each tap lies, from where tap 0 lies, in elements of the (padded) channel.</summary>
    public int[] TapOffsets { get; }

    /// <summary>Where tap 0 of the first output of an output row lies; a row is a run along the last axis.</summary>
    public int RowStart(int row)
    {
        int start = Math.Max(0, -_axes[^1].PadBegin), scale = _lengths[^1];
        for (int a = _axes.Length - 2; a >= 0; a--)
        {
            start += ((row % _axes[a].Output * _axes[a].Stride) + Math.Max(0, -_axes[a].PadBegin)) * scale;
            row /= _axes[a].Output;
            scale *= _lengths[a];
        }
        return start;
    }

    /// <summary>The row of the input that a padded row holds; −1 where it is padding.</summary>
    public int InputRow(int row)
    {
        int input = 0, scale = 1;
        for (int a = _axes.Length - 2; a >= 0; a--)
        {
            int i = (row % _lengths[a]) - Math.Max(0, _axes[a].PadBegin);
            if (i < 0 || i >= _axes[a].Input) return -1;
            row /= _lengths[a];
            input += i * scale;
            scale *= _axes[a].Input;
        }
        return input;
    }

    /// <summary>Makes the copy of an image.</summary>
    public void Run(float* x, float* to, Crew crew)
    {
        var operands = new Operands { X = x, To = to };
        crew.For(this, &operands, _channels);
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        var operands = (Operands*)state;
        CopyChannel(operands->X + ((nint)unit * _inputPlane), operands->To + ((nint)unit * Plane));
    }

    /// <summary>Makes the copy of one channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyChannel(float* plane, float* to)
    {
        var last = _axes[^1];
        int length = _lengths[^1], rows = Rows, front = Math.Max(0, last.PadBegin), behind = length - front - last.Input;
        for (int row = 0; row < rows; row++, to += length)
        {
            int input = InputRow(row);
            if (input < 0)
            {
                Clear(to, length);
                continue;
            }
            float* x = plane + ((nint)input * last.Input);
            Clear(to, front);
            float* y = to + front;
            int j = 0;
            for (; j + V.Count <= last.Input; j += V.Count) V.Store(V.Load(x + j), y + j);
            if (j < last.Input) V.StorePartial(V.LoadPartial(x + j, last.Input - j), y + j, last.Input - j);
            Clear(y + last.Input, behind);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(float* to, int count)
    {
        for (int j = 0; j < count; j += V.Count) V.StorePartial(V.Zero, to + j, Math.Min(V.Count, count - j));
    }

    private int[] Offsets()
    {
        int taps = 1;
        foreach (var axis in _axes) taps *= axis.Kernel;
        int[] offsets = GC.AllocateUninitializedArray<int>(taps, pinned: true);
        for (int t = 0; t < taps; t++)
        {
            int rest = t, scale = 1, offset = 0;
            for (int a = _axes.Length - 1; a >= 0; a--)
            {
                offset += rest % _axes[a].Kernel * _axes[a].Dilation * scale;
                rest /= _axes[a].Kernel;
                scale *= _lengths[a];
            }
            offsets[t] = offset;
        }
        return offsets;
    }

    private struct Operands
    {
        public float* X, To;
    }
}
