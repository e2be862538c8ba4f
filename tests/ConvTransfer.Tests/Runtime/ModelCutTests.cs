using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Runtime;

/// <summary>Where real networks are cut, and that cutting them changes no bit.</summary>
public sealed class ModelCutTests
{
    // Read off the graphs by hand: the data input of the last dense layer or classifying convolution, and the last picture before it.
    private static readonly (string Model, string Penultimate, string LastConv)[] Names =
    [
        ("squeezenet", "fire9/concat_1", "fire9/concat_1"),
        ("squeezenet-fp16", "fire9/concat_1", "fire9/concat_1"),
        ("mobilenetv2-035-tf2onnx", "mobilenet_v2_alpha_0.35/global_average_pooling2d/Mean_Squeeze__607:0", "mobilenet_v2_alpha_0.35/re_lu_34/Relu6:0"),
        ("mnist-cntk", "Pooling160_Output_0_reshape0", "Pooling160_Output_0"),
        ("mnist-bn-pytorch", "/Relu_3_output_0", "/norm1/BatchNormalization_output_0"),
        ("cifar10-pytorch", "45", "43"),
        ("cifar10-resnet4b", "53", "50"),
        ("mesonet-nhwc-bn", "model/leaky_re_lu/LeakyRelu:0", "model/max_pooling2d_3/MaxPool:0"),
    ];

    public static TheoryData<string> Models => [.. Names.Select(n => n.Model)];

    [SharedTheory]
    [MemberData(nameof(Models))]
    public void TheNamesStandForTheRightValuesAndCutsKeepTheBits(string name)
    {
        var (_, penultimate, lastConv) = Names.Single(n => n.Model == name);
        var model = OnnxFile.Read(SharedMaterial.Path("models", name, "model.onnx"));
        Assert.Equal(penultimate, model.TruncateAt(CutPoints.Penultimate).Graph.Outputs.Single().Name);
        Assert.Equal(lastConv, model.TruncateAt(CutPoints.LastConv).Graph.Outputs.Single().Name);

        // Law L8: both cuts, and one in the middle, against the whole network that is asked for the same values beside its output.
        var (_, input) = OnnxTensorFile.Read(SharedMaterial.Path("models", name, "test_data_set_0", "input_0.pb"));
        var points = CutPoints.Of(model);
        string[] values = [.. new[] { penultimate, lastConv, points[points.Count / 2].Value }.Distinct()];
        var whole = Run(model, input, [.. values, model.Graph.Outputs[0].Name]);
        for (int i = 0; i < values.Length; i++)
        {
            var cut = Run(model.TruncateAt(values[i]), input, null);
            Assert.Equal(whole[i].Shape, cut[0].Shape);
            Assert.True(whole[i].AsBytes().SequenceEqual(cut[0].AsBytes()), $"{name} cut at {values[i]}");
            cut[0].Dispose();
        }
        foreach (var tensor in whole.Append(input)) tensor.Dispose();
    }

    [SharedTheory]
    [InlineData("ultraface-bn")]
    [InlineData("fastestdet")]
    [InlineData("silero-vad-1d")]
    public void ANetworkWithSeveralEndsHasNeither(string name)
    {
        var model = OnnxFile.Read(SharedMaterial.Path("models", name, "model.onnx"));
        Assert.Contains("layers with weights", Assert.Throws<ArgumentException>(() => model.TruncateAt(CutPoints.Penultimate)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => model.TruncateAt(CutPoints.LastConv));
    }

    // The numbers of weights that the material's list states.
    [SharedTheory]
    [InlineData("squeezenet", 1_235_496)]
    [InlineData("mobilenetv2-035-tf2onnx", 401_927)]
    [InlineData("mnist-bn-pytorch", 376_938)]
    [InlineData("cifar10-resnet4b", 123_734)]
    [InlineData("ultraface-bn", 307_624)]
    public void ParametersAreThoseOfTheList(string name, long parameters) => Assert.Equal(parameters, NetworkReport.Of(OnnxFile.Read(SharedMaterial.Path("models", name, "model.onnx"))).Parameters);

    // The trial inside compares three images together with each alone, to the bit.
    [SharedTheory]
    [InlineData("squeezenet", "float [N, 1000, 1, 1]")]
    [InlineData("mnist-cntk", "float [N, 10]")]
    [InlineData("mnist-bn-pytorch", "float [N, 10]")]
    [InlineData("cifar10-resnet4b", "float [N, 10]")]
    public void TheBatchOfAClassifierIsOpened(string name, string output) =>
        Assert.Equal(output, DynamicBatch.Apply(OnnxFile.Read(SharedMaterial.Path("models", name, "model.onnx"))).Graph.Outputs.Single().Type!.ToString());

    private static Tensor[] Run(Model model, Tensor input, string[]? outputs)
    {
        using var planner = new Planner(model, outputs);
        using var session = planner.CreateSession(2);
        return session.Run(input);
    }
}
