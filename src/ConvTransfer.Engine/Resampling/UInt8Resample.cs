using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ConvTransfer.Engine.Resampling;

/// <summary>
/// Antialiased resizing of 8-bit pictures in fixed point, the plan for one pair of sizes: bit-equal to ONNX Runtime 1.31.1's Resize-18 on uint8 with
/// antialias = 1, half_pixel, exclude_outside = 1 and cubic_coeff_a = -0.5, and within one level of Pillow.
/// </summary>
/// <remarks>
/// Weights are float32 rounded to multiples of 2^-22. The width pass comes first and is rounded to 8 bits; a pass is skipped where its sizes are equal.
/// Only a window of the resized picture is computed; its bits are those of the whole. The plan is immutable and may be run by many threads at once.
/// Integer sums have no rounding, so the vector path is equal to <see cref="RunPlain"/> by nature. Layout: rows of <c>channels</c> interleaved samples
/// (a planar picture is run plane by plane with one channel).
/// </remarks>
internal sealed unsafe class UInt8Resample
{
    private const int Bits = 22;
    private const int Half = 1 << (Bits - 1);
    private readonly AxisTaps? _x;
    private readonly AxisTaps? _y;
    private readonly int[] _xWeights = [];
    private readonly int[] _yWeights = [];
    private readonly int _firstRow;
    private readonly int _rows;

    /// <summary>Computes the weights.</summary>
    /// <param name="inputHeight">Rows of the source.</param>
    /// <param name="inputWidth">Pixels per row of the source.</param>
    /// <param name="outputHeight">Rows of the whole resized picture.</param>
    /// <param name="outputWidth">Pixels per row of the whole resized picture.</param>
    /// <param name="channels">Interleaved samples per pixel.</param>
    /// <param name="cubic">Cubic (a = -0.5) instead of linear.</param>
    /// <param name="window">The part of the resized picture to compute; null for all of it.</param>
    public UInt8Resample(int inputHeight, int inputWidth, int outputHeight, int outputWidth, int channels, bool cubic, ResampleWindow? window = null)
        : this(inputHeight, inputWidth, outputHeight, outputWidth, channels,
            new ResizeSettings { Mode = cubic ? ResizeMode.Cubic : ResizeMode.Linear, Antialias = true, ExcludeOutside = true, CubicA = -0.5f }, window)
    {
    }

    /// <summary>Computes the weights for other settings of the antialias filter (another cubic parameter, or edges held).</summary>
    public UInt8Resample(int inputHeight, int inputWidth, int outputHeight, int outputWidth, int channels, ResizeSettings settings, ResampleWindow? window = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputHeight);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputWidth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputHeight);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputWidth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        if (!settings.Antialias || settings.Mode == ResizeMode.Nearest) throw new ArgumentException("this filter is the antialiased linear or cubic one", nameof(settings));
        Window = window ?? new ResampleWindow(0, 0, outputHeight, outputWidth);
        if (!Window.LiesIn(outputHeight, outputWidth)) throw new ArgumentOutOfRangeException(nameof(window), window, $"the window does not lie in {outputHeight}x{outputWidth}");
        (InputHeight, InputWidth, Channels) = (inputHeight, inputWidth, channels);
        if (inputWidth != outputWidth)
        {
            _x = AxisTaps.Build(settings, inputWidth, outputWidth, (float)outputWidth / inputWidth, from: Window.Left, count: Window.Width);
            _xWeights = ToFixed(_x.Weights);
        }
        if (inputHeight != outputHeight)
        {
            _y = AxisTaps.Build(settings, inputHeight, outputHeight, (float)outputHeight / inputHeight, from: Window.Top, count: Window.Height);
            _yWeights = ToFixed(_y.Weights);
        }
        _firstRow = _y is null ? Window.Top : _y.First.Min();
        _rows = _y is null ? Window.Height : Last(_y) - _firstRow;
        // Without a width pass the height pass reads the source; without a height pass the width pass writes the result.
        ScratchBytes = _x is null || _y is null ? 0 : (long)_rows * Window.Width * channels;
    }

    /// <summary>Rows of the source.</summary>
    public int InputHeight { get; }

    /// <summary>Pixels per row of the source.</summary>
    public int InputWidth { get; }

    /// <summary>Interleaved samples per pixel.</summary>
    public int Channels { get; }

    /// <summary>The part of the resized picture that a run computes.</summary>
    public ResampleWindow Window { get; }

    /// <summary>Bytes of working memory that a run needs.</summary>
    public long ScratchBytes { get; }

    /// <summary>Bytes that a run writes.</summary>
    public long OutputBytes => (long)Window.Height * Window.Width * Channels;

    /// <summary>Resizes one picture.</summary>
    /// <param name="source">InputHeight x InputWidth x Channels bytes.</param>
    /// <param name="target"><see cref="OutputBytes"/> bytes; must not overlap the source.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes.</param>
    public void Run(byte* source, byte* target, byte* scratch) => Run(source, target, scratch, plain: false);

    /// <summary>Resizes one picture.</summary>
    /// <param name="source">InputHeight x InputWidth x Channels bytes.</param>
    /// <param name="target"><see cref="OutputBytes"/> bytes; must not overlap the source.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes or more.</param>
    /// <exception cref="ArgumentException">A length is not the plan's.</exception>
    public void Run(ReadOnlySpan<byte> source, Span<byte> target, Span<byte> scratch)
    {
        if (source.Length != (long)InputHeight * InputWidth * Channels) throw new ArgumentException($"{source.Length} bytes are given for a picture of {InputHeight} x {InputWidth} x {Channels}", nameof(source));
        if (target.Length != OutputBytes) throw new ArgumentException($"{target.Length} bytes are given for a result of {OutputBytes}", nameof(target));
        if (scratch.Length < ScratchBytes) throw new ArgumentException($"{scratch.Length} bytes are given, {ScratchBytes} are needed", nameof(scratch));
        fixed (byte* from = source)
        fixed (byte* to = target)
        fixed (byte* between = scratch)
            Run(from, to, between, plain: false);
    }

    /// <summary>The same, one sample at a time: the yardstick of the vector path.</summary>
    public void RunPlain(byte* source, byte* target, byte* scratch) => Run(source, target, scratch, plain: true);

    private void Run(byte* source, byte* target, byte* scratch, bool plain)
    {
        nint sourceStride = (nint)InputWidth * Channels, stride = (nint)Window.Width * Channels;
        byte* wide = source + (_firstRow * sourceStride);
        if (_x is null)
        {
            wide += (nint)Window.Left * Channels;
        }
        else
        {
            byte* middle = _y is null ? target : scratch;
            fixed (int* weights = _xWeights)
            fixed (int* first = _x.First)
            fixed (int* count = _x.Count)
            {
                for (int row = 0; row < _rows; row++)
                {
                    byte* from = wide + (row * sourceStride), to = middle + (row * stride);
                    // The vector path reads four bytes for three; behind the last row of the source there may be none.
                    if (!plain && Channels == 3 && _firstRow + row + 1 < InputHeight) WidthOfThree(from, to, first, count, weights, Window.Width, _x.Window);
                    else WidthPlain(from, to, first, count, weights, Window.Width, _x.Window, Channels);
                }
            }
            wide = middle;
            sourceStride = stride;
        }
        if (_y is not null)
        {
            fixed (int* weights = _yWeights)
            {
                for (int row = 0; row < Window.Height; row++)
                {
                    byte* from = wide + ((_y.First[row] - _firstRow) * sourceStride);
                    int* w = weights + ((nint)row * _y.Window);
                    if (plain) HeightPlain(from, sourceStride, target + (row * stride), w, _y.Count[row], 0, stride);
                    else Height(from, sourceStride, target + (row * stride), w, _y.Count[row], stride);
                }
            }
        }
        else if (_x is null)
        {
            for (int row = 0; row < Window.Height; row++) Buffer.MemoryCopy(wide + (row * sourceStride), target + (row * stride), stride, stride);
        }
    }

    private static void WidthPlain(byte* from, byte* to, int* first, int* count, int* weights, int width, int window, int channels)
    {
        for (int x = 0; x < width; x++)
        {
            for (int c = 0; c < channels; c++)
            {
                int sum = Half;
                for (int k = 0; k < count[x]; k++) sum += from[((nint)(first[x] + k) * channels) + c] * weights[((nint)x * window) + k];
                *to++ = Clip(sum);
            }
        }
    }

    /// <summary>One pixel per vector: lanes R, G, B and the next pixel's R, which is dropped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidthOfThree(byte* from, byte* to, int* first, int* count, int* weights, int width, int window)
    {
        for (int x = 0; x < width; x++, to += 3)
        {
            byte* p = from + ((nint)first[x] * 3);
            int* w = weights + ((nint)x * window);
            int n = count[x], k = 0;
            var even = Vector128.Create(Half);
            var odd = Vector128<int>.Zero;
            for (; k + 2 <= n; k += 2, p += 6)
            {
                even += Pixel(p) * Vector128.Create(w[k]);
                odd += Pixel(p + 3) * Vector128.Create(w[k + 1]);
            }
            if (k < n) even += Pixel(p) * Vector128.Create(w[k]);
            var level = Vector128.Min(Vector128.Max((even + odd) >> Bits, Vector128<int>.Zero), Vector128.Create(255));
            to[0] = (byte)level[0];
            to[1] = (byte)level[1];
            to[2] = (byte)level[2];
        }
    }

    private static Vector128<int> Pixel(byte* p) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(p)).AsByte())).AsInt32();

    /// <summary>Sixteen neighbours of a row at a time, their sums in two vectors of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Height(byte* from, nint stride, byte* to, int* weights, int count, nint length)
    {
        nint i = 0;
        for (; i + 16 <= length; i += 16)
        {
            var a = Vector256.Create(Half);
            var b = a;
            byte* p = from + i;
            for (int k = 0; k < count; k++, p += stride)
            {
                var samples = Vector256.WidenLower(Vector128.Load(p).ToVector256Unsafe());
                var w = Vector256.Create(weights[k]);
                a += Vector256.WidenLower(samples).AsInt32() * w;
                b += Vector256.WidenUpper(samples).AsInt32() * w;
            }
            var low = Vector256.Min(Vector256.Max(a >> Bits, Vector256<int>.Zero), Vector256.Create(255));
            var high = Vector256.Min(Vector256.Max(b >> Bits, Vector256<int>.Zero), Vector256.Create(255));
            var words = Vector256.Narrow(low, high).AsUInt16();
            Vector256.Narrow(words, words).GetLower().AsByte().Store(to + i);
        }
        HeightPlain(from, stride, to, weights, count, i, length);
    }

    private static void HeightPlain(byte* from, nint stride, byte* to, int* weights, int count, nint start, nint length)
    {
        for (nint i = start; i < length; i++)
        {
            int sum = Half;
            for (int k = 0; k < count; k++) sum += from[i + (k * stride)] * weights[k];
            to[i] = Clip(sum);
        }
    }

    private static byte Clip(int sum) => (byte)Math.Clamp(sum >> Bits, 0, 255);

    private static int[] ToFixed(float[] weights)
    {
        var result = new int[weights.Length];
        for (int i = 0; i < result.Length; i++) result[i] = (int)MathF.Round(weights[i] * (1 << Bits), MidpointRounding.AwayFromZero);
        return result;
    }

    private static int Last(AxisTaps taps)
    {
        int last = 0;
        for (int i = 0; i < taps.OutputLength; i++) last = Math.Max(last, taps.First[i] + taps.Count[i]);
        return last;
    }
}
