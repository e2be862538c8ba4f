using System.Numerics;
using System.Runtime.CompilerServices;

namespace ConvTransfer.Engine.Resampling;

/// <summary>Resizing of tensors of any rank as ONNX Resize (10 to 19) and Upsample state it: the plan for one set of sizes, scales and regions.</summary>
/// <remarks>
/// The interpolation is separable: one pass per axis that changes, the last axis first, each with the taps of <see cref="AxisTaps"/>. Every output's sum
/// runs over its taps in ascending order. float32 is computed in float32, all other types in double. Integers: linear and cubic results are cut towards
/// zero without antialias and rounded (half away from zero) with it, then held in the type's range, as ONNX Runtime 1.31.1 does; 8-bit pictures with
/// antialias have their own filter, <see cref="UInt8Resample"/>. Nearest copies and is exact for every type. Immutable; may be run by many threads at once.
/// </remarks>
internal sealed unsafe class GeneralResize
{
    private const int MostOnStack = 16;

    private readonly ResizeSettings _settings;
    private readonly long[] _inputDims;
    private readonly long[] _outputDims;
    private readonly AxisTaps?[] _taps;
    private readonly int[] _order;
    private readonly long _largest;

    /// <summary>Computes the taps of every axis.</summary>
    /// <param name="settings">What the operator's attributes say.</param>
    /// <param name="inputDims">Lengths of the input's axes.</param>
    /// <param name="outputDims">Lengths of the output's axes, as many.</param>
    /// <param name="scales">The operator's factors; empty where only sizes are given: then output over input length.</param>
    /// <param name="roi">Starts, then ends, of the region of interest per axis (tf_crop_and_resize); empty for the whole.</param>
    public GeneralResize(ResizeSettings settings, ReadOnlySpan<long> inputDims, ReadOnlySpan<long> outputDims, ReadOnlySpan<float> scales = default, ReadOnlySpan<float> roi = default)
    {
        int rank = inputDims.Length;
        if (outputDims.Length != rank) throw new ArgumentException($"{outputDims.Length} output lengths for rank {rank}", nameof(outputDims));
        if (scales.Length != 0 && scales.Length != rank) throw new ArgumentException($"{scales.Length} scales for rank {rank}", nameof(scales));
        if (roi.Length != 0 && roi.Length != 2 * rank) throw new ArgumentException($"{roi.Length} numbers of the region of interest for rank {rank}", nameof(roi));
        _settings = settings;
        _inputDims = inputDims.ToArray();
        _outputDims = outputDims.ToArray();
        _taps = new AxisTaps?[rank];
        IsEmpty = _inputDims.Contains(0) || _outputDims.Contains(0);
        var order = new List<int>();
        for (int axis = rank - 1; axis >= 0 && !IsEmpty; axis--)
        {
            int from = checked((int)inputDims[axis]), to = checked((int)outputDims[axis]);
            float scale = scales.Length == 0 ? (float)to / from : scales[axis], start = roi.Length == 0 ? 0 : roi[axis], end = roi.Length == 0 ? 1 : roi[rank + axis];
            // An axis that keeps its length at factor 1 is left alone by every coordinate mode but the one with a region.
            if (from == to && scale == 1.0f && (settings.Coordinates != CoordinateMode.TfCropAndResize || (start == 0 && end == 1))) continue;
            var taps = AxisTaps.Build(settings, from, to, scale, start, end);
            _taps[axis] = taps;
            if (!taps.IsIdentity) order.Add(axis);
        }
        _order = [.. order];
        _largest = LargestBetween();
    }

    /// <summary>True when the input or the output has no element; there is nothing to run then.</summary>
    public bool IsEmpty { get; }

    /// <summary>The taps of every axis; null where the axis is left alone.</summary>
    public ReadOnlySpan<AxisTaps?> Taps => _taps;

    /// <summary>The number of elements of the output.</summary>
    public long OutputCount => Product(_outputDims);

    /// <summary>Working memory in bytes that <see cref="Run(float*, float*, byte*)"/> needs.</summary>
    public long ScratchBytes => 2 * _largest * sizeof(float);

    /// <summary>Working memory in bytes that <see cref="RunGeneric{T}"/> needs.</summary>
    public long GenericScratchBytes => (2 * _largest + Product(_inputDims) + OutputCount) * sizeof(double);

    /// <summary>Working memory in bytes that <see cref="RunNearest"/> needs for elements of this size.</summary>
    public long NearestScratchBytes(int elementBytes) => 2 * _largest * elementBytes;

    /// <summary>Resizes float32.</summary>
    /// <param name="x">The input.</param>
    /// <param name="y">The output; must not overlap the input.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes, aligned to 4.</param>
    public void Run(float* x, float* y, byte* scratch)
    {
        Passes(x, y, (float*)scratch);
        Fill(y, _settings.ExtrapolationValue);
    }

    /// <summary>Resizes any type of number by way of double.</summary>
    /// <param name="x">The input.</param>
    /// <param name="y">The output; must not overlap the input.</param>
    /// <param name="scratch"><see cref="GenericScratchBytes"/> bytes, aligned to 8.</param>
    public void RunGeneric<T>(T* x, T* y, byte* scratch) where T : unmanaged, INumber<T>
    {
        double* wideX = (double*)scratch, wideY = wideX + Product(_inputDims);
        for (long i = 0; i < Product(_inputDims); i++) wideX[i] = double.CreateChecked(x[i]);
        Passes(wideX, wideY, wideY + OutputCount);
        bool rounds = _settings.Antialias && T.CreateTruncating(0.5f) == T.Zero; // an integer type is one that has no half
        for (long i = 0; i < OutputCount; i++) y[i] = T.CreateSaturating(rounds ? Math.Round(wideY[i], MidpointRounding.AwayFromZero) : wideY[i]);
        Fill(y, T.CreateSaturating(_settings.ExtrapolationValue));
    }

    /// <summary>Resizes elements of any type by copying (nearest only).</summary>
    /// <param name="x">The input.</param>
    /// <param name="y">The output; must not overlap the input.</param>
    /// <param name="scratch"><see cref="NearestScratchBytes"/> bytes.</param>
    /// <param name="elementBytes">1, 2, 4 or 8.</param>
    /// <param name="extrapolation">The bits of the extrapolation value.</param>
    public void RunNearest(byte* x, byte* y, byte* scratch, int elementBytes, ulong extrapolation)
    {
        if (_settings.Mode != ResizeMode.Nearest) throw new InvalidOperationException("copying is for nearest only");
        switch (elementBytes)
        {
            case 1: Copy(x, y, scratch, (byte)extrapolation); break;
            case 2: Copy((ushort*)x, (ushort*)y, (ushort*)scratch, (ushort)extrapolation); break;
            case 4: Copy((uint*)x, (uint*)y, (uint*)scratch, (uint)extrapolation); break;
            case 8: Copy((ulong*)x, (ulong*)y, (ulong*)scratch, extrapolation); break;
            default: throw new ArgumentOutOfRangeException(nameof(elementBytes), elementBytes, "expected 1, 2, 4 or 8");
        }
    }

    private void Copy<T>(T* x, T* y, T* scratch, T extrapolation) where T : unmanaged, INumber<T>
    {
        Passes(x, y, scratch);
        Fill(y, extrapolation);
    }

    private void Passes<T>(T* x, T* y, T* scratch) where T : unmanaged, INumber<T>
    {
        if (IsEmpty) return;
        Span<long> dims = _inputDims.Length > MostOnStack ? new long[_inputDims.Length] : stackalloc long[_inputDims.Length];
        for (int i = 0; i < _inputDims.Length; i++) dims[i] = _inputDims[i];
        if (_order.Length == 0)
        {
            Unsafe.CopyBlockUnaligned(ref *(byte*)y, ref *(byte*)x, checked((uint)(OutputCount * sizeof(T))));
            return;
        }
        for (int pass = 0; pass < _order.Length; pass++)
        {
            int axis = _order[pass];
            var taps = _taps[axis]!;
            T* to = pass == _order.Length - 1 ? y : scratch + ((pass & 1) * _largest);
            nint outer = 1, inner = 1;
            for (int i = 0; i < axis; i++) outer *= (nint)dims[i];
            for (int i = axis + 1; i < _inputDims.Length; i++) inner *= (nint)dims[i];
            if (_settings.Mode == ResizeMode.Nearest) TapPass.Pick(x, to, taps, outer, inner);
            else if (typeof(T) == typeof(float)) TapPass.Sum((float*)x, (float*)to, taps, outer, inner);
            else TapPass.SumPlain(x, to, taps, outer, inner);
            dims[axis] = taps.OutputLength;
            x = to;
        }
    }

    /// <summary>Writes the extrapolation value wherever one of the axes lies outside.</summary>
    private void Fill<T>(T* y, T value) where T : unmanaged
    {
        nint inner = 1, outer = (nint)OutputCount;
        for (int axis = _outputDims.Length - 1; axis >= 0 && !IsEmpty; axis--)
        {
            nint length = (nint)_outputDims[axis];
            outer /= length;
            if (_taps[axis]?.Outside is { } outside)
            {
                for (nint o = 0; o < outer; o++)
                    for (nint i = 0; i < length; i++)
                        if (outside[i]) new Span<T>(y + (((o * length) + i) * inner), checked((int)inner)).Fill(value);
            }
            inner *= length;
        }
    }

    /// <summary>Elements of the largest tensor between two passes.</summary>
    private long LargestBetween()
    {
        long[] dims = [.. _inputDims];
        long largest = 0;
        for (int pass = 0; pass < _order.Length - 1; pass++)
        {
            dims[_order[pass]] = _outputDims[_order[pass]];
            largest = Math.Max(largest, Product(dims));
        }
        return largest;
    }

    private static long Product(long[] dims)
    {
        long product = 1;
        foreach (long dim in dims) product = checked(product * dim);
        return product;
    }
}
