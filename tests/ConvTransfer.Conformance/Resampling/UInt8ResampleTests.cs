using ConvTransfer.Core;
using ConvTransfer.Engine.Resampling;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace ConvTransfer.Conformance.Resampling;

/// <summary>The 8-bit filter has ONNX Runtime's bits, interleaved and planar, at every pair of sizes that is tried.</summary>
public sealed unsafe class UInt8ResampleTests
{
    /// <summary>Up, down, mixed, one axis equal, both equal, one pixel, strips, and steps whose reciprocal is not exact in float32.</summary>
    public static TheoryData<int, int, int, int> Sizes => new()
    {
        { 1, 1, 1, 1 }, { 1, 1, 5, 7 }, { 7, 5, 1, 1 }, { 2, 3, 3, 2 }, { 10, 10, 10, 10 }, { 10, 10, 10, 4 }, { 10, 10, 4, 10 }, { 10, 10, 10, 23 }, { 10, 10, 23, 10 },
        { 64, 48, 224, 299 }, { 123, 77, 256, 160 }, { 375, 500, 256, 341 }, { 300, 301, 256, 256 }, { 97, 1, 31, 1 }, { 1, 97, 1, 31 }, { 3, 200, 17, 19 },
        { 257, 131, 256, 130 }, { 256, 130, 257, 131 }, { 640, 480, 32, 32 }, { 511, 333, 67, 299 }, { 224, 224, 96, 96 }, { 41, 43, 160, 3 }, { 768, 1024, 256, 341 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Interleaved_linear(int h, int w, int outH, int outW) => Check(h, w, outH, outW, cubic: false, planar: false);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Interleaved_cubic(int h, int w, int outH, int outW) => Check(h, w, outH, outW, cubic: true, planar: false);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Planar_linear(int h, int w, int outH, int outW) => Check(h, w, outH, outW, cubic: false, planar: true);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Planar_cubic(int h, int w, int outH, int outW) => Check(h, w, outH, outW, cubic: true, planar: true);

    [Fact]
    public void Random_sizes()
    {
        var random = new CounterRandom(5);
        for (int i = 0; i < 60; i++) Check(1 + random.Next(90), 1 + random.Next(90), 1 + random.Next(90), 1 + random.Next(90), cubic: (i & 1) == 1, planar: (i & 2) == 2);
    }

    private static void Check(int h, int w, int outH, int outW, bool cubic, bool planar)
    {
        byte[] picture = Picture(h * w * 3, h + (31 * w) + outH + outW);
        long[] dims = planar ? [1, 3, h, w] : [1, h, w, 3];
        byte[] model = new ResizeModel { ElementType = 2, InputDims = dims, Sizes = planar ? [1, 3, outH, outW] : [1, outH, outW, 3] }
            .With("mode", cubic ? "cubic" : "linear").With("antialias", 1).With("coordinate_transformation_mode", "half_pixel").With("exclude_outside", 1).With("cubic_coeff_a", -0.5f).ToBytes();
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using var session = new InferenceSession(model, options);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("X", new DenseTensor<byte>(picture, dims.Select(d => (int)d).ToArray()))]);
        byte[] expected = results[0].AsTensor<byte>().ToArray();

        var plan = new UInt8Resample(h, w, outH, outW, planar ? 1 : 3, cubic);
        var actual = new byte[outH * outW * 3];
        var scratch = new byte[plan.ScratchBytes];
        fixed (byte* x = picture, y = actual, s = scratch)
            for (int plane = 0; plane < (planar ? 3 : 1); plane++) plan.Run(x + (plane * h * w), y + (plane * outH * outW), s);
        int different = actual.Zip(expected).Count(p => p.First != p.Second);
        Assert.True(different == 0, $"{different} of {actual.Length} samples differ: {h}x{w} to {outH}x{outW}");
    }

    // Half of the samples are extreme, so that the cubic kernel's overshoot is clipped often.
    private static byte[] Picture(int length, int seed)
    {
        var random = new CounterRandom(seed);
        var bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = random.Next(4) switch { 0 => 0, 1 => 255, _ => (byte)random.Next(256) };
        return bytes;
    }
}
