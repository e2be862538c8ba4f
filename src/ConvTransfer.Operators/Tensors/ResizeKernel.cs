using ConvTransfer.Engine.Resampling;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Resizes a tensor of any type.</summary>
internal sealed unsafe class ResizeKernel : PlainKernel
{
    private readonly GeneralResize _resize;
    private readonly ElementType _type;
    private readonly bool _copies;
    private readonly ulong _extrapolation;

    private ResizeKernel(ElementType type, ResizeSettings settings, GeneralResize resize)
    {
        (_type, _resize) = (type, resize);
        _copies = settings.Mode == ResizeMode.Nearest;
        _extrapolation = ScalarBits.Of(settings.ExtrapolationValue, type);
    }

    /// <summary>Refuses truth values where they would have to be interpolated.</summary>
    public static void CheckType(NodeContext n, ResizeMode mode) =>
        n.Require(n.Input(0).ElementType != ElementType.Bool || mode == ResizeMode.Nearest, "truth values have nothing between them; only mode nearest takes them");

    /// <summary>The kernel for a type and sizes.</summary>
    public static PlainKernel Of(ElementType type, ResizeSettings settings, Shape x, Shape y, float[]? scales, float[] roi)
    {
        if (UInt8Kernel.Serves(type, settings, x, y, scales)) return new UInt8Kernel(settings, x, y);
        return new ResizeKernel(type, settings, new GeneralResize(settings, x.Dims, y.Dims, scales, roi));
    }

    public override long ScratchBytes(int crew) => _copies ? _resize.NearestScratchBytes(_type.SizeInBytes()) : _type == ElementType.Float32 ? _resize.ScratchBytes : _resize.GenericScratchBytes;

    public override void Run(in PlainRun run)
    {
        if (_resize.IsEmpty) return;
        if (_copies)
        {
            _resize.RunNearest(run.Input<byte>(0), run.Output<byte>(0), run.Scratch, _type.SizeInBytes(), _extrapolation);
            return;
        }
        switch (_type)
        {
            case ElementType.Float32: _resize.Run(run.Input<float>(0), run.Output<float>(0), run.Scratch); break;
            case ElementType.Float64: Generic<double>(run); break;
            case ElementType.Float16: Generic<Half>(run); break;
            case ElementType.UInt8: Generic<byte>(run); break;
            case ElementType.Int8: Generic<sbyte>(run); break;
            case ElementType.UInt16: Generic<ushort>(run); break;
            case ElementType.Int16: Generic<short>(run); break;
            case ElementType.UInt32: Generic<uint>(run); break;
            case ElementType.Int32: Generic<int>(run); break;
            case ElementType.UInt64: Generic<ulong>(run); break;
            default: Generic<long>(run); break;
        }
    }

    private void Generic<T>(in PlainRun run) where T : unmanaged, System.Numerics.INumber<T> => _resize.RunGeneric(run.Input<T>(0), run.Output<T>(0), run.Scratch);

    /// <summary>8-bit pictures with antialias: planes or interleaved samples.</summary>
    private sealed class UInt8Kernel : PlainKernel
    {
        private readonly UInt8Resample _resample;
        private readonly long _planes;
        private readonly long _inputPlane;

        public UInt8Kernel(ResizeSettings settings, Shape x, Shape y)
        {
            bool interleaved = IsInterleaved(x, y);
            int h = x.Rank - (interleaved ? 3 : 2);
            int channels = interleaved ? (int)x[h + 2] : 1;
            _resample = new UInt8Resample((int)x[h], (int)x[h + 1], (int)y[h], (int)y[h + 1], channels, settings);
            _planes = x.Product(0, h);
            _inputPlane = x[h] * x[h + 1] * channels;
        }

        /// <summary>True where the filter is that of the operator: half_pixel, and factors that are the quotients of the lengths.</summary>
        public static bool Serves(ElementType type, ResizeSettings settings, Shape x, Shape y, float[]? scales)
        {
            if (type != ElementType.UInt8 || !settings.Antialias || settings.Mode == ResizeMode.Nearest || settings.Coordinates != CoordinateMode.HalfPixel) return false;
            if (x.Rank < 2 || x.ElementCount == 0 || y.ElementCount == 0) return false;
            for (int i = 0; i < x.Rank; i++)
                if (scales is not null && scales[i] != (float)y[i] / x[i]) return false;
            int first = x.Rank - (IsInterleaved(x, y) ? 3 : 2);
            for (int i = 0; i < first; i++)
                if (x[i] != y[i]) return false;
            return x.Product(first, x.Rank) <= int.MaxValue && y.Product(first, y.Rank) <= int.MaxValue;
        }

        public override long ScratchBytes(int crew) => _resample.ScratchBytes;

        public override void Run(in PlainRun run)
        {
            for (long plane = 0; plane < _planes; plane++)
                _resample.Run(run.Input<byte>(0) + (plane * _inputPlane), run.Output<byte>(0) + (plane * _resample.OutputBytes), run.Scratch);
        }

        // Channels are last where that axis keeps its length and the one before it does not.
        private static bool IsInterleaved(Shape x, Shape y) => x.Rank >= 3 && x[x.Rank - 1] == y[x.Rank - 1] && x[x.Rank - 3] != y[x.Rank - 3];
    }
}
