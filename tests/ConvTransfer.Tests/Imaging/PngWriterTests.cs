using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Imaging;

namespace ConvTransfer.Tests.Imaging;

public sealed class PngWriterTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 17)]
    [InlineData(40, 31)]
    public void WhatIsWrittenIsReadBack(int height, int width)
    {
        var random = new CounterRandom(height);
        byte[] levels = new byte[height * width * 3];
        for (int i = 0; i < levels.Length; i++) levels[i] = (byte)random.Next(256);
        using var picture = Tensor.From<byte>(new Shape(height, width, 3), levels);
        using var back = ImageReader.Decode(PngWriter.Encode(picture));
        Assert.Equal(picture.Shape, back.Shape);
        Assert.Equal(levels, back.AsSpan<byte>().ToArray());
    }

    [Fact]
    public void OtherTensorsAreRefused()
    {
        using var flat = new Tensor(ElementType.UInt8, new Shape(4, 4));
        Assert.Throws<ArgumentException>(() => PngWriter.Encode(flat));
        using var numbers = new Tensor(ElementType.Float32, new Shape(4, 4, 3));
        Assert.Throws<ArgumentException>(() => PngWriter.Encode(numbers));
    }
}
