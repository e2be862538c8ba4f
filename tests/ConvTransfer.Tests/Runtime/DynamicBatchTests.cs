using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Tests.Runtime;

public sealed class DynamicBatchTests
{
    public static TheoryData<string> Names => ["convolution", "dense"];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryImageHasTheBitsThatItHasAlone(string name)
    {
        var model = name == "dense" ? SmallNetworks.DenseBehindReshape : SmallNetworks.ConvolutionAsClassifier;
        var opened = DynamicBatch.Apply(model, threads: 1);
        Assert.Equal("float [N, 3, 8, 8]", opened.Graph.Inputs.Single().Type!.ToString());
        Assert.Equal("float [N, 5]", opened.Graph.Outputs.Single().Type!.ToString());
        using var three = TruncationTests.Image(3);
        using var together = TruncationTests.Run(opened, three)[0];
        for (int i = 0; i < 3; i++)
        {
            using var one = Tensor.From(new Shape(1, 3, 8, 8), three.AsSpan<float>().Slice(i * 192, 192).ToArray().AsSpan());
            using var before = TruncationTests.Run(model, one)[0];
            using var after = TruncationTests.Run(opened, one)[0];
            Assert.Equal(before.AsBytes().ToArray(), after.AsBytes().ToArray());
            Assert.Equal(before.AsBytes().ToArray(), together.AsBytes().Slice(i * 20, 20).ToArray());
        }
    }

    [Fact]
    public void OnlyShapesThatHoldTheBatchAreRewritten()
    {
        var opened = DynamicBatch.Apply(SmallNetworks.DenseBehindReshape, threads: 1).Graph;
        Assert.Equal(["w0", "w1", "w2", "shape_any_batch"], opened.Initializers.Select(t => t.Name));
        using var shape = opened.Initializers[3].ToTensor();
        Assert.Equal([0, 64], shape.AsSpan<long>().ToArray());
    }

    [Theory]
    [InlineData("mixed", "depends on the others")]
    [InlineData("flattened", "has no batch on axis 0")]
    [InlineData("fixed", "has no batch on axis 0")]
    public void WhatCannotBeOpenedIsRefusedWithTheReason(string name, string reason)
    {
        TensorData shape = TensorData.From<long>("shape", [1], [-1]), fixedShape = TensorData.From<long>("shape", [2], [2, 96]);
        var model = name switch
        {
            // Rows of images times rows of images: the type has N in front, the numbers mix them.
            "mixed" => SmallNetworks.Model(
                [new Node("Flatten", ["image"], ["rows"]), new Node("Transpose", ["rows"], ["columns"]), new Node("MatMul", ["rows", "columns"], ["products"]), new Node("MatMul", ["products", "rows"], ["mixed"])], [], "mixed", [1, 192]),
            "flattened" => SmallNetworks.Model([new Node("Reshape", ["image", "shape"], ["flat"])], [shape], "flat", [192]),
            _ => SmallNetworks.Model([new Node("Reshape", ["image", "shape"], ["flat"])], [fixedShape], "flat", [2, 96]),
        };
        var fault = Assert.Throws<ConvTransferException>(() => DynamicBatch.Apply(model, threads: 1));
        Assert.Equal(FailureCause.Unsupported, fault.Cause);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }
}
