using System.Text;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Pipelines;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Pipelines;

public sealed class NpyFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Float64)]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.Bool)]
    public void WhatIsWrittenIsReadBack(ElementType type)
    {
        foreach (var shape in new[] { Shape.Scalar, new Shape(5), new Shape(2, 3), new Shape(2, 0, 4) })
        {
            using var tensor = new Tensor(type, shape);
            for (int i = 0; i < tensor.AsBytes().Length; i++) tensor.AsBytes()[i] = (byte)(type == ElementType.Bool ? i % 2 : i + 1);
            string path = _folder.Path("a.npy");
            NpyFile.Write(path, tensor);
            using var back = NpyFile.Read(path);
            Assert.Equal((type, shape), (back.ElementType, back.Shape));
            Assert.Equal(tensor.AsBytes().ToArray(), back.AsBytes().ToArray());
        }
    }

    // The bytes are those that numpy.save writes for numpy.arange(3, dtype='<f4').
    [Fact]
    public void TheFileIsNumPysOwn()
    {
        using var tensor = Tensor.From(new Shape(3), 0f, 1f, 2f);
        NpyFile.Write(_folder.Path("a.npy"), tensor);
        byte[] expected = [0x93, .. Encoding.ASCII.GetBytes("NUMPY"), 1, 0, 118, 0, .. Encoding.ASCII.GetBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }".PadRight(117) + "\n"), .. new byte[] { 0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64 }];
        Assert.Equal(expected, File.ReadAllBytes(_folder.Path("a.npy")));
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", 12, "16 bytes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 12, "8 bytes")]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }", 12, ">f4")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", 12, "|O")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 3), }", 12, "Fortran")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }", 12, "shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 0, "63 bits")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 12, "length")]
    [InlineData("{'descr': '<f4', 'shape': (3,), }", 12, "fortran_order")]
    public void WhatTheHeaderDoesNotProveIsRefused(string header, int bytes, string word)
    {
        string path = _folder.Path("a.npy");
        File.WriteAllBytes(path, [0x93, .. Encoding.ASCII.GetBytes("NUMPY"), 1, 0, (byte)(header.Length + 1), 0, .. Encoding.ASCII.GetBytes(header + "\n"), .. new byte[bytes]]);
        var fault = Assert.Throws<ConvTransferException>(() => NpyFile.Read(path));
        Assert.Contains(word, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryCutIsRefused()
    {
        using var tensor = Tensor.From(new Shape(3), 0f, 1f, 2f);
        string path = _folder.Path("a.npy");
        NpyFile.Write(path, tensor);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Equal(FailureCause.DataInvalid, Assert.Throws<ConvTransferException>(() => NpyFile.Read(path)).Cause);
        }
    }
}
